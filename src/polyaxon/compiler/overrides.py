"""What the command line adds to a file: options folded in before the presets, short fields laid over everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from polyaxon.compiler.codes import CompileCode
from polyaxon.compiler.problems import problem
from polyaxon.errors import Problem, SpecError
from polyaxon.model.record import dataclass
from polyaxon.spec.load import parse

__all__ = ["Overrides", "folded", "shorts"]

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Overrides:
    """Options of `run` and `check`; None and empty are "not given".

    `params` holds the texts of `-P`, `hparams` those of `-HP` (`choice:[1,2]`). `name`, `description` and `tags` belong
    to the run and are not part of the operation.
    """

    params: Mapping[str, str] = field(default_factory=dict)
    hparams: Mapping[str, str] = field(default_factory=dict)
    matrix_kind: str | None = None
    matrix_concurrency: int | None = None
    matrix_num_runs: int | None = None
    presets: Sequence[str] = ()
    queue: str | None = None
    namespace: str | None = None
    cache: bool | None = None
    approved: bool | None = None
    name: str | None = None
    tags: Sequence[str] = ()
    description: str | None = None
    image: str | None = None
    cmd: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cpu: str | None = None
    memory: str | None = None
    gpu: str | None = None
    ports: Sequence[int] = ()
    mounts: Sequence[str] = ()
    strict_params: bool | None = None
    ignore_template: bool = False


def folded(data: Mapping[str, Any], overrides: Overrides, problems: list[Problem]) -> Data:
    """Return the operation with the options in it."""
    result = dict(data)
    if overrides.params:
        given = {name: {"value": text} for name, text in overrides.params.items()}
        result["params"] = {**(result.get("params") or {}), **given}
    matrix = _matrix(result.get("matrix"), overrides, problems)
    if matrix is not None:
        result["matrix"] = matrix
    if overrides.cache is not None:
        result["cache"] = {**(result.get("cache") or {}), "disable": not overrides.cache}
    if overrides.presets:
        result["presets"] = list(overrides.presets)
    for name, value in (
        ("queue", overrides.queue),
        ("namespace", overrides.namespace),
        ("isApproved", overrides.approved),
        ("strictParams", overrides.strict_params),
    ):
        if value is not None:
            result[name] = value
    if overrides.ignore_template and isinstance(result.get("template"), Mapping):
        result["template"] = {key: value for key, value in result["template"].items() if key != "enabled"}
    return result


def _matrix(written: Any, overrides: Overrides, problems: list[Problem]) -> Data | None:
    """Return the matrix with what was given of it; only that is changed."""
    settings = {
        "kind": overrides.matrix_kind,
        "concurrency": overrides.matrix_concurrency,
        "numRuns": overrides.matrix_num_runs,
    }
    given = {name: value for name, value in settings.items() if value is not None}
    if not given and not overrides.hparams:
        return None
    base: Data = dict(written) if isinstance(written, Mapping) else {"kind": "grid", "concurrency": 1}
    params = dict(base["params"]) if isinstance(base.get("params"), Mapping) else {}
    for name, text in overrides.hparams.items():
        try:
            params[name] = _space(text)
        except ValueError as error:
            message = f"`-HP {name}={text}` cannot be read: {error}"
            problems.append(problem(CompileCode.OVERRIDE, message, f"matrix.params.{name}", _HP_HINT))
    return {**base, **given, "params": params} if params else {**base, **given}


_HP_HINT = "write `-HP name=kind:value`, such as `-HP lr=uniform:0:1` or `-HP opt=choice:[sgd,adam]`"


def _space(text: str) -> Data:
    """Read `kind:value`. Colons are split before YAML is asked, to which `1:10:2` would be a number in base 60."""
    kind, colon, value = text.partition(":")
    if not colon or not kind.strip():
        raise ValueError("there is no kind before a colon")
    bare = value.strip()
    if ":" in bare and not bare.startswith(("[", "{")):
        return {"kind": kind.strip(), "value": bare}
    try:
        return {"kind": kind.strip(), "value": parse(f"value: {bare}", "-HP").value["value"]}
    except SpecError:
        raise ValueError("the value is not YAML") from None


def shorts(overrides: Overrides) -> Data:
    """Return the options that are short fields of a file, as one more layer over everything."""
    resources = {"cpu": overrides.cpu, "memory": overrides.memory, "gpu": overrides.gpu}
    layer: Data = {}
    if overrides.image is not None:
        layer["container"] = {"image": overrides.image}
    if overrides.cmd:
        layer["cmd"] = list(overrides.cmd)
    if overrides.env:
        layer["env"] = dict(overrides.env)
    if any(value is not None for value in resources.values()):
        layer["resources"] = {name: value for name, value in resources.items() if value is not None}
    if overrides.ports:
        layer["ports"] = list(overrides.ports)
    if overrides.mounts:
        layer["mount"] = list(overrides.mounts)
    return layer
