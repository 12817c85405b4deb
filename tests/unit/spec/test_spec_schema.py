"""The published JSON Schema: up to date, valid, and of one mind with the reader about real files."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from polyaxon.spec.load import parse
from polyaxon.spec.schema import build_schema, text

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "schema" / "polyaxonfile.json"
CORPUS = Path(__file__).parents[4] / "shared" / "corpus"


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(build_schema())


def test_the_published_schema_is_what_the_models_say() -> None:
    assert PUBLISHED.read_text() == text(), "run `python -m polyaxon.spec.schema > schema/polyaxonfile.json`"


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(build_schema())


def test_every_field_of_the_format_is_explained() -> None:
    unexplained = {
        f"{name}.{field}"
        for name, model in build_schema()["$defs"].items()
        for field, described in model["properties"].items()
        if "description" not in described
    }
    # Volumes, tolerations and the like are Kubernetes' own and explained there.
    kubernetes = ("Volume.", "Toleration.", "HostAlias.", "Affinity.", "PodSecurityContext.", "DnsConfig.")
    assert {name for name in unexplained if not name.startswith(kubernetes)} == set()


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "component", "run": {"kind": "job", "container": {"image": "x"}}},
        {"cmd": "ls", "resources": {"cpu": 1}},
        {"kind": "operation", "pathRef": "a.yaml", "run": {"container": {"image": "x"}}},
        {"matrix": {"kind": "grid", "params": {"a": {"kind": "choice", "value": [1]}}, "concurrency": "{{ c }}"}},
        {"component": {"run": {"kind": "dag", "operations": [{"name": "a", "cmd": "ls"}]}}},
        {"params": {"a": 1, "b": {"ref": "dag", "value": "inputs.x"}}, "queue": None},
        {"run": {"kind": "rayjob", "entrypoint": "x"}},
    ],
)
def test_right_files_pass(validator, fields) -> None:
    assert list(validator.iter_errors(fields)) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "component", "inptus": []},
        {"run": {"kind": "job", "container": {"comand": []}}},
        {"run": {"kind": "jobb"}},
        {"matrix": {"kind": "grid"}},
        {"matrix": {"params": {}}},
        {"termination": {"maxRetries": "lots"}},
        {"trigger": "any"},
        {"name": "a.b"},
        {"hooks": [{}]},
    ],
)
def test_wrong_files_do_not_pass(validator, fields) -> None:
    assert list(validator.iter_errors(fields))


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of public polyaxonfiles is not here")
def test_every_file_of_the_corpus_passes(validator) -> None:
    for file in sorted(CORPUS.rglob("*.y*ml")):
        errors = [error.message for error in validator.iter_errors(parse(file.read_bytes(), str(file)).value)]
        assert errors == [], file
