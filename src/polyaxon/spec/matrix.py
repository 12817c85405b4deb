"""Which runs does a search consist of? The kinds of `matrix` and their settings."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import model_validator
from pydantic_core import core_schema

from polyaxon.spec.codes import SpecCode
from polyaxon.spec.fields import (
    BoolOrRef,
    CommaList,
    HubRef,
    IntOrRef,
    Kinded,
    Model,
    OrTemplate,
    PositiveIntOrRef,
    QueueName,
    Shape,
    wrong,
)
from polyaxon.spec.kinds import COUNTABLE, EARLY_STOPPING
from polyaxon.spec.params import TemplatedParams
from polyaxon.spec.space import Space
from polyaxon.spec.stopping import EarlyStopping, Metric

__all__ = [
    "Asha",
    "Bayes",
    "Cmaes",
    "GaussianProcess",
    "Grid",
    "GridSearch",
    "Hyperband",
    "Hyperopt",
    "Iterative",
    "Mapping",
    "Matrix",
    "RandomSearch",
    "Resource",
    "Tpe",
    "Tuner",
    "UtilityFunction",
    "WarmStart",
]

Params: TypeAlias = Annotated[Space | str, OrTemplate]
Stopping: TypeAlias = list[Annotated[EarlyStopping, EARLY_STOPPING]]
Eta: TypeAlias = Annotated[
    int | float | str,
    Shape(
        "a number above 1",
        core_schema.union_schema(
            [core_schema.int_schema(strict=True, gt=1, lt=2**63), core_schema.float_schema(gt=1, lt=2.0**63)],
            mode="left_to_right",
        ),
        {"type": "number", "exclusiveMinimum": 1},
        template=True,
    ),
]


class Tuner(Model):
    """A component that suggests the next runs, in place of the built-in algorithm."""

    hub_ref: HubRef
    """The component."""
    presets: CommaList | None = None
    """Named presets of its runs."""
    queue: QueueName | None = None
    """Queue of its runs."""
    namespace: str | None = None
    """Namespace of its runs."""
    params: TemplatedParams | None = None
    """Further params of the component, in full form."""


class WarmStart(Model):
    """Earlier runs that a search learns from before its own first run."""

    query: str
    """Which runs of the project: the search language. They count when they have the metric and lie in the space."""
    sort: str | None = None
    """Order of the runs, which matters with a `limit`: fields with commas, `-` for descending."""
    limit: PositiveIntOrRef | None = None
    """How many runs at most; 1000 when absent."""


class _Search(Kinded):
    """What all searches share."""

    concurrency: PositiveIntOrRef | None = None
    """How many runs at the same time; no limit when absent."""
    early_stopping: Stopping | None = None
    """When to end before all runs are done."""


class Mapping(_Search):
    """One run for each of the listed mappings."""

    kind: Literal["mapping"] = "mapping"
    """`mapping`."""
    values: Annotated[list[dict[str, Any]] | str, OrTemplate]
    """The runs: mappings of a param's name to its value."""

    @model_validator(mode="after")
    def _check(self) -> Mapping:
        if not self.values:
            raise wrong(SpecCode.SPACE, "there are no values, so nothing would run", at=("values",))
        return self


class GridSearch(_Search):
    """One run for every combination; the last parameter varies fastest."""

    kind: Literal["grid"] = "grid"
    """`grid`."""
    params: Params
    """The parameters, of kinds that can be listed."""
    num_runs: PositiveIntOrRef | None = None
    """How many of the combinations at most."""

    @model_validator(mode="after")
    def _check(self) -> GridSearch:
        _only(self.params, COUNTABLE, "a grid needs values that can be listed", "`choice`, `range` or `linspace`")
        return self


Grid = GridSearch


class RandomSearch(_Search):
    """Runs with values drawn at random, no combination twice."""

    kind: Literal["random"] = "random"
    """`random`."""
    params: Params
    """The parameters."""
    num_runs: PositiveIntOrRef
    """How many runs."""
    seed: IntOrRef | None = None
    """Makes the draws repeatable."""


class Hyperopt(_Search):
    """Runs suggested by the tree of Parzen estimators, simulated annealing or at random, in several rounds."""

    kind: Literal["hyperopt"] = "hyperopt"
    """`hyperopt`."""
    metric: Metric
    """The output to improve."""
    params: Params
    """The parameters."""
    algorithm: Literal["tpe", "rand", "anneal"] | None = None
    """How values are suggested; `tpe` when absent."""
    num_runs: PositiveIntOrRef | None = None
    """How many runs in a round."""
    num_initial_runs: PositiveIntOrRef | None = None
    """How many runs spread out before anything is modelled; 10 when absent."""
    initial_design: Literal["sobol", "random"] | None = None
    """How they spread out: evenly (`sobol`, when absent) or by independent draws."""
    max_iterations: PositiveIntOrRef | None = None
    """How many rounds."""
    seed: IntOrRef | None = None
    """Makes the suggestions repeatable."""
    asynchronous: BoolOrRef | None = None
    """Whether a new run begins as soon as one ends (true when absent), or after its whole round."""
    warm_start: WarmStart | None = None
    """Earlier runs to learn from."""
    tuner: Tuner | None = None
    """A component that suggests instead."""


class Tpe(_Search):
    """Runs suggested by the tree of Parzen estimators, in several rounds."""

    kind: Literal["tpe"] = "tpe"
    """`tpe`."""
    metric: Metric | None = None
    """The output to improve."""
    metrics: list[Metric] | None = None
    """Several outputs to improve at once, instead of `metric`: the search looks for the best compromises."""
    params: Params
    """The parameters."""
    num_runs: PositiveIntOrRef | None = None
    """How many runs in a round."""
    num_initial_runs: PositiveIntOrRef | None = None
    """How many runs spread out before anything is modelled; 10 when absent."""
    initial_design: Literal["sobol", "random"] | None = None
    """How they spread out: evenly (`sobol`, when absent) or by independent draws."""
    max_iterations: PositiveIntOrRef | None = None
    """How many rounds."""
    seed: IntOrRef | None = None
    """Makes the suggestions repeatable."""
    asynchronous: BoolOrRef | None = None
    """Whether a new run begins as soon as one ends (true when absent), or after its whole round."""
    warm_start: WarmStart | None = None
    """Earlier runs to learn from."""
    tuner: Tuner | None = None
    """A component that suggests instead."""

    @model_validator(mode="after")
    def _check(self) -> Tpe:
        if (self.metric is None) == (not self.metrics):
            raise wrong(
                SpecCode.MISSING_FIELD,
                "`tpe` needs either `metric` or `metrics`",
                suggestion="add `metric: {name: loss, optimization: minimize}`, for example",
            )
        return self


class GaussianProcess(Model):
    """How the unknown function is thought to behave."""

    kernel: Literal["matern", "rbf"] | None = None
    """`matern` when absent."""
    length_scale: float | None = None
    """Distance over which values are alike; 1 when absent."""
    nu: float | None = None
    """Smoothness, for `matern`; 1.5 when absent."""
    num_restarts_optimizer: int | None = None
    """How often the fit is started anew."""


class UtilityFunction(Model):
    """How the next point is chosen."""

    acquisition_function: Literal["ucb", "ei", "poi"] | None = None
    """`ucb` when absent."""
    kappa: float | None = None
    """For `ucb`: the weight of uncertainty."""
    eps: float | None = None
    """For `ei` and `poi`: the improvement that counts."""
    num_warmup: int | None = None
    """How many random points are scored first."""
    num_iterations: int | None = None
    """How often the best point is searched from a random start."""
    gaussian_process: GaussianProcess | None = None
    """How the unknown function is thought to behave."""

    @model_validator(mode="after")
    def _check(self) -> UtilityFunction:
        function = self.acquisition_function or "ucb"
        needed = "kappa" if function == "ucb" else "eps"
        if getattr(self, needed) is None:
            raise wrong(
                SpecCode.MISSING_FIELD,
                f"the acquisition function `{function}` needs `{needed}`",
                suggestion=f"add `{needed}: {'2.576' if needed == 'kappa' else '0.01'}`, for example",
            )
        return self


class Bayes(_Search):
    """Runs suggested by Bayesian optimisation with a Gaussian process."""

    kind: Literal["bayes"] = "bayes"
    """`bayes`."""
    num_initial_runs: PositiveIntOrRef
    """How many runs spread out before anything is modelled."""
    initial_design: Literal["sobol", "random"] | None = None
    """How they spread out: evenly (`sobol`, when absent) or by independent draws."""
    max_iterations: PositiveIntOrRef
    """How many further runs."""
    metric: Metric
    """The output to improve."""
    params: Params
    """The parameters: kinds that can be listed, and `uniform`."""
    utility_function: UtilityFunction | None = None
    """How the next point is chosen."""
    seed: IntOrRef | None = None
    """Makes the suggestions repeatable."""
    asynchronous: BoolOrRef | None = None
    """Whether a new run begins as soon as one ends (true when absent), or after its whole round."""
    warm_start: WarmStart | None = None
    """Earlier runs to learn from."""
    tuner: Tuner | None = None
    """A component that suggests instead."""

    @model_validator(mode="after")
    def _check(self) -> Bayes:
        _only(
            self.params,
            COUNTABLE | {"uniform"},
            "`bayes` takes values that can be listed, and `uniform`",
            "`uniform`, `choice` or `linspace`",
        )
        return self


class Resource(Model):
    """The input that says how much a run may spend."""

    name: str
    """Name of the input."""
    type: Literal["int", "float"] | None = None
    """Whether the budget is cut to a whole number."""


class Hyperband(_Search):
    """Many runs with small budgets; the best go on with larger ones."""

    kind: Literal["hyperband"] = "hyperband"
    """`hyperband`."""
    params: Params
    """The parameters."""
    max_iterations: PositiveIntOrRef
    """The largest budget of a run."""
    eta: Eta | None = None
    """One of so many runs goes on; 3 when absent."""
    resource: Resource
    """The input that receives the budget."""
    metric: Metric
    """The output to improve."""
    algorithm: Literal["tpe", "rand"] | None = None
    """How new configurations are suggested; `tpe` when absent."""
    resume: BoolOrRef | None = None
    """Whether the best runs continue from what they have, instead of from scratch."""
    seed: IntOrRef | None = None
    """Makes the draws repeatable."""
    asynchronous: BoolOrRef | None = None
    """Whether the next bracket begins while a rung waits for its last runs."""
    warm_start: WarmStart | None = None
    """Earlier runs to learn from."""
    tuner: Tuner | None = None
    """A component that suggests instead."""


class Iterative(_Search):
    """Runs suggested by a component of your own, in several rounds."""

    kind: Literal["iterative"] = "iterative"
    """`iterative`."""
    max_iterations: PositiveIntOrRef
    """How many rounds."""
    params: Params | None = None
    """The parameters."""
    metric: Metric | None = None
    """The output that the tuner is told of and by which trials are judged."""
    seed: IntOrRef | None = None
    """Makes the suggestions repeatable."""
    asynchronous: BoolOrRef | None = None
    """Whether a new run begins as soon as one ends (true when absent), or after its whole round."""
    tuner: Tuner | None = None
    """The component; random suggestions when absent."""


class Asha(_Search):
    """Asynchronous successive halving: a run goes on with a larger budget as soon as it is among the best so far."""

    kind: Literal["asha"] = "asha"
    """`asha`."""
    params: Params
    """The parameters."""
    num_runs: PositiveIntOrRef
    """How many different runs."""
    max_iterations: PositiveIntOrRef
    """The largest budget of a run."""
    min_iterations: PositiveIntOrRef | None = None
    """The smallest budget of a run; 1 when absent."""
    eta: Eta | None = None
    """One of so many runs goes on; 3 when absent."""
    resource: Resource
    """The input that receives the budget."""
    metric: Metric
    """The output to improve."""
    algorithm: Literal["tpe", "rand"] | None = None
    """How new configurations are suggested; `tpe` when absent."""
    resume: BoolOrRef | None = None
    """Whether the best runs continue from what they have, instead of from scratch."""
    seed: IntOrRef | None = None
    """Makes the draws repeatable."""
    warm_start: WarmStart | None = None
    """Earlier runs to learn from."""


class Cmaes(_Search):
    """Runs suggested by the covariance-matrix evolution strategy: for numbers, and many of them."""

    kind: Literal["cmaes"] = "cmaes"
    """`cmaes`."""
    params: Params
    """The parameters."""
    num_runs: PositiveIntOrRef
    """How many runs."""
    metric: Metric
    """The output to improve."""
    population: PositiveIntOrRef | None = None
    """How many runs in a generation."""
    sigma: float | None = None
    """The first step, as a share of every range; 0.3 when absent."""
    asynchronous: BoolOrRef | None = None
    """Whether a new run begins as soon as one ends (true when absent), or after its whole round."""
    seed: IntOrRef | None = None
    """Makes the suggestions repeatable."""
    warm_start: WarmStart | None = None
    """Earlier runs to learn from."""


def _only(params: Any, kinds: frozenset[str], because: str, suggestion: str) -> None:
    if not isinstance(params, dict):
        return
    for name, param in params.items():
        if param.kind not in kinds:
            raise wrong(
                SpecCode.SPACE_KIND,
                f"`{name}` is of the kind `{param.kind}`: {because}",
                at=("params", name, "kind"),
                suggestion=f"use {suggestion}, or another kind of search",
            )


Matrix: TypeAlias = Mapping | GridSearch | RandomSearch | Hyperopt | Tpe | Bayes | Hyperband | Iterative | Asha | Cmaes
