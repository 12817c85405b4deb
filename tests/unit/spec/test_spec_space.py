"""Parameters of a search and the searches themselves: which forms are read, which are refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from polyaxon.errors import SpecError
from polyaxon.spec.check import read
from polyaxon.spec.dump import dump
from polyaxon.spec.load import parse
from polyaxon.spec.operation import Operation
from polyaxon.spec.space import HpLogSpace, HpRange, read_parts

ACCEPTED = {
    "choice": [[1, "a", {"b": 1}, [2]], "{{ values }}"],
    "pchoice": [[["a", 0.1], ["b", 0.8]], [[1, 0.5], [2, 0.5]]],
    "range": [[1, 10, 2], {"start": 1, "stop": 10, "step": 2}, "1:10:2", "0.1:1:0.3", ["1", "10", "2"]],
    "linspace": [[0, 1, 5], [0, 1, 5.0], "0.001:0.1:5", {"start": 0, "stop": 1, "num": 3}],
    "logspace": [[0.01, 0.1, 5], [1, 2, 3, 2], "1:2:3", {"start": 1, "stop": 2, "num": 3, "base": 2}],
    "geomspace": [[1, 1000, 4], "1:1000:4"],
    "daterange": [["2024-01-01", "2024-02-01", 7], {"start": "2024-01-01", "stop": "2024-02-01", "step": 1}],
    "datetimerange": [
        ["2024-01-01T00:00:00", "2024-01-02T00:00:00", 3600],
        ["2024-01-01T00:00:00Z", "2024-01-02", "PT1H"],
    ],
    "uniform": [[0, 1], [1, 0], {"low": 0, "high": 1}, "0:1", [0, 1, 5], "-1e-3:1e3"],
    "quniform": [[0, 1, 0.1], "0:1:0.1", {"low": 0, "high": 1, "q": 0.1}],
    "loguniform": [[0, 1], "0:1"],
    "qloguniform": [[0, 1, 0.1]],
    "normal": [[0, 1], {"loc": 0, "scale": 1}, "0:1"],
    "qnormal": [[0, 1, 0.1]],
    "lognormal": [[0, 1]],
    "qlognormal": [[0, 1, 0.1]],
}
REFUSED = {
    "choice": [[], "a", 3, None, {"a": 1}],
    "pchoice": [[["a", 0.6], ["b", 0.6]], [["a", 1]], [["a", 0]], [["a"]], ["a"], [], [["a", -0.1]], [["a", 0.0]]],
    "range": [[1, 10], [1, 10, 2, 3], [10, 1, 2], [1, 1, 1], [1, 10, 0], [1, 10, -1], "1:10", "a:b:c", 4202, None],
    "linspace": [[0, 1, 2.5], [0, 1, 0], [0, 1, -2], "0.1:abc:5", {"start": 0, "stop": 1}, {"start": 0, "end": 1}],
    "logspace": [[1, 2], [2, 1, 3], [1, 2, 3, 0], [1, 2, 3, 4, 5]],
    "geomspace": [[0, 10, 3], [-1, 10, 3]],
    "daterange": [
        ["2024-02-01", "2024-01-01", 1],
        "2024-01-01:2024-02-01:1",
        ["x", "y", 1],
        ["2024-01-01", "2024-02-01"],
    ],
    "datetimerange": [["2024-01-01", "2024-01-02", "soon"], ["2024-01-01", "2024-01-02", 0]],
    "uniform": [[0], ["a", 1], [0, 1, 2, 3], [True, 2], "0:inf"],
    "quniform": [[0, 1], [0, 1, 0]],
    "normal": [[0, -1], [0]],
    "qlognormal": [[0, 1, -1], [0, 1]],
}


def search(kind: str, value: object, matrix: str = "random") -> Operation:
    fields = {"kind": matrix, "numRuns": 2, "params": {"a": {"kind": kind, "value": value}}}
    return Operation.model_validate({"matrix": fields})


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in ACCEPTED.items() for value in values])
def test_a_parameter_is_read_and_kept_as_written(kind, value) -> None:
    operation = search(kind, value)
    assert dump(operation)["matrix"]["params"]["a"] == {"kind": kind, "value": value}


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in REFUSED.items() for value in values])
def test_a_parameter_that_cannot_be_searched_is_refused(kind, value) -> None:
    with pytest.raises(ValidationError) as caught:
        search(kind, value)
    assert len(caught.value.errors()) == 1


@pytest.mark.parametrize("fields", [{"kind": "choice"}, {"value": [1]}, {"kind": "linear", "value": [1]}])
def test_a_parameter_needs_a_known_kind_and_a_value(fields) -> None:
    with pytest.raises(ValidationError):
        Operation.model_validate({"matrix": {"kind": "random", "numRuns": 1, "params": {"a": fields}}})


def test_the_parts_of_a_value_have_names_in_every_form() -> None:
    parts = {"start": 1.0, "stop": 10.0, "step": 2.0}
    assert read_parts(HpRange, "1:10:2") == parts
    assert read_parts(HpRange, [1, 10, 2]) == parts
    assert read_parts(HpLogSpace, [1, 2, 3, 2])["base"] == 2


@pytest.mark.parametrize("kind", ["uniform", "normal", "pchoice", "qloguniform"])
def test_a_grid_takes_only_what_can_be_listed(kind) -> None:
    with pytest.raises(ValidationError, match="grid"):
        search(kind, ACCEPTED[kind][0], matrix="grid")


METRIC = {"name": "loss", "optimization": "minimize"}
SPACE = {"lr": {"kind": "uniform", "value": [0, 1]}}
SEARCHES = [
    {"kind": "mapping", "values": [{"a": 1}, {"b": 2}], "concurrency": 2},
    {"kind": "mapping", "values": "{{ rows }}"},
    {"kind": "grid", "params": {"a": {"kind": "choice", "value": [1]}}, "numRuns": 3},
    {"kind": "grid", "params": "{{ space }}"},
    {"kind": "random", "params": SPACE, "numRuns": "{{ n }}", "seed": 1, "concurrency": "{{ c }}"},
    {"kind": "hyperopt", "params": SPACE, "metric": METRIC, "algorithm": "anneal", "maxIterations": 2},
    {"kind": "tpe", "params": SPACE, "metric": METRIC, "numRuns": 5, "tuner": {"hubRef": "tpe-tuner"}},
    {"kind": "bayes", "params": SPACE, "metric": METRIC, "numInitialRuns": 2, "maxIterations": 3},
    {
        "kind": "bayes",
        "params": SPACE,
        "metric": METRIC,
        "numInitialRuns": 2,
        "maxIterations": 3,
        "utilityFunction": {"acquisitionFunction": "ei", "eps": 0.1, "gaussianProcess": {"kernel": "rbf"}},
    },
    {
        "kind": "hyperband",
        "params": SPACE,
        "metric": METRIC,
        "maxIterations": 9,
        "eta": 3,
        "resource": {"name": "epochs", "type": "int"},
        "resume": True,
    },
    {"kind": "iterative", "maxIterations": 3, "tuner": {"hubRef": "me/tuner", "params": {"a": {"value": 1}}}},
    {"kind": "asha", "params": SPACE, "metric": METRIC, "numRuns": 9, "maxIterations": 9, "resource": {"name": "e"}},
    {"kind": "cmaes", "params": SPACE, "metric": METRIC, "numRuns": 9, "warmStart": {"query": "name: old"}},
    {"kind": "tpe", "params": SPACE, "metric": METRIC, "numRuns": 5, "numInitialRuns": 3, "initialDesign": "random"},
    {
        "kind": "random",
        "params": SPACE,
        "numRuns": 2,
        "earlyStopping": [
            {
                "kind": "metric_early_stopping",
                "metric": "loss",
                "value": 0.1,
                "optimization": "minimize",
                "policy": {"kind": "median", "evaluationInterval": 2},
            },
            {"kind": "failure_early_stopping", "percent": 50},
        ],
    },
]


@pytest.mark.parametrize("matrix", SEARCHES, ids=lambda matrix: matrix["kind"])
def test_a_search_is_read_and_written_back(matrix) -> None:
    operation = Operation.model_validate({"matrix": matrix})
    assert dump(operation) == {"matrix": matrix}


@pytest.mark.parametrize(
    ("matrix", "path"),
    [
        ({"kind": "mapping", "values": []}, "values"),
        ({"kind": "mapping"}, ""),
        ({"kind": "mapping", "values": [1]}, "values[0]"),
        ({"kind": "grid", "params": {}}, "params"),
        ({"kind": "random", "params": SPACE}, ""),
        ({"kind": "random", "params": SPACE, "numRuns": 0}, "numRuns"),
        ({"kind": "random", "params": SPACE, "numRuns": "3"}, "numRuns"),
        ({"kind": "random", "params": SPACE, "numRuns": 1, "concurrency": -1}, "concurrency"),
        ({"kind": "tpe", "params": SPACE, "metric": METRIC, "algorithm": "tpe"}, "algorithm"),
        ({"kind": "hyperopt", "params": SPACE, "metric": METRIC, "algorithm": "best"}, "algorithm"),
        ({"kind": "tpe", "params": SPACE}, ""),
        ({"kind": "tpe", "params": SPACE, "metric": METRIC, "initialDesign": "halton"}, "initialDesign"),
        ({"kind": "bayes", "params": SPACE, "metric": METRIC, "numInitialRuns": 2}, ""),
        (
            {
                "kind": "bayes",
                "params": {"a": {"kind": "normal", "value": [0, 1]}},
                "metric": METRIC,
                "numInitialRuns": 1,
                "maxIterations": 1,
            },
            "params.a.kind",
        ),
        (
            {
                "kind": "bayes",
                "params": SPACE,
                "metric": METRIC,
                "numInitialRuns": 1,
                "maxIterations": 1,
                "utilityFunction": {"acquisitionFunction": "ei"},
            },
            "utilityFunction",
        ),
        (
            {
                "kind": "hyperband",
                "params": SPACE,
                "metric": METRIC,
                "maxIterations": 9,
                "eta": 1,
                "resource": {"name": "e"},
            },
            "eta",
        ),
        ({"kind": "hyperband", "params": SPACE, "metric": METRIC, "maxIterations": 9, "eta": 3}, ""),
        ({"kind": "iterative", "maxIterations": 1, "tuner": {}}, "tuner"),
        ({"kind": "iterative", "maxIterations": 1, "tuner": {"hubRef": "a", "params": {"b": 1}}}, "tuner.params.b"),
        ({"kind": "random", "params": SPACE, "numRuns": 1, "earlyStopping": [{"percent": 1}]}, "earlyStopping[0]"),
        ({"kind": "random", "params": SPACE, "numRuns": 1, "metric": METRIC}, "metric"),
        ({"params": SPACE}, ""),
        ({"kind": "genetic"}, "kind"),
    ],
)
def test_a_search_that_cannot_run_is_refused_at_its_place(matrix, path) -> None:
    import json

    with pytest.raises(SpecError) as caught:
        read(parse(json.dumps({"matrix": matrix}), "x.json"))
    (problem,) = caught.value.problems
    assert problem.path == ("matrix." + path if path else "matrix").rstrip(".")
