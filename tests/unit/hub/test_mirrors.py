"""Where addresses lead through a map of prefixes."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyaxon.hub.mirrors import Destination, Mirrors, repository_address

RAW = "https://raw.githubusercontent.com/polyaxon/polyaxon-quick-start/master"
REPO = "https://github.com/polyaxon/polyaxon-quick-start"


def test_an_address_that_nothing_maps_leads_to_itself() -> None:
    assert Mirrors({REPO: "/x"}).file("https://example.org/a.yaml") == Destination(url="https://example.org/a.yaml")


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_raw_prefix_leads_into_a_directory(slash: str) -> None:
    mirrors = Mirrors({RAW + slash: "/here" + slash})
    assert mirrors.file(f"{RAW}/experimentation/typed.yaml") == Destination(path="/here/experimentation/typed.yaml")


@pytest.mark.parametrize(
    "address",
    [f"{RAW}/a/b.yaml", f"{REPO}/raw/master/a/b.yaml", RAW.replace("master", "refs/heads/main") + "/a/b.yaml"],
)
def test_a_mapped_repository_answers_for_its_raw_files(address: str) -> None:
    assert Mirrors({REPO: "/here"}).file(address) == Destination(path="/here/a/b.yaml")


def test_a_bare_repository_answers_with_the_revision(tmp_path: Path) -> None:
    (tmp_path / "HEAD").write_text("ref: refs/heads/main")
    found = Mirrors({REPO: str(tmp_path)}).file(f"{RAW}/a/b.yaml")
    assert found == Destination(path="a/b.yaml", repository=str(tmp_path), revision="master")


def test_the_longest_prefix_wins() -> None:
    mirrors = Mirrors({"https://a.org": "/one", "https://a.org/deep": "/two"})
    assert mirrors.file("https://a.org/deep/x").path == "/two/x"
    assert mirrors.file("https://a.org/other/x").path == "/one/other/x"


def test_a_prefix_ends_at_a_path_boundary() -> None:
    assert Mirrors({"https://a.org/o/r": "/one"}).file("https://a.org/o/r2/x").url == "https://a.org/o/r2/x"


def test_a_target_may_be_another_address() -> None:
    assert Mirrors({"https://a.org": "https://b.org/m/"}).file("https://a.org/x").url == "https://b.org/m/x"


@pytest.mark.parametrize(
    "spelling",
    [REPO, f"{REPO}.git", f"{REPO}/", "git@github.com:polyaxon/polyaxon-quick-start.git",
     "ssh://git@github.com/polyaxon/polyaxon-quick-start", "https://user:token@github.com/polyaxon/polyaxon-quick-start"],
)  # fmt: skip
def test_every_spelling_of_a_repository_finds_its_mirror(spelling: str) -> None:
    assert repository_address(spelling) == REPO
    assert Mirrors({f"{REPO}.git": "/here"}).repository(spelling) == "/here"


def test_an_unmapped_repository_keeps_its_own_spelling() -> None:
    assert Mirrors({}).repository("git@example.org:a/b.git") == "git@example.org:a/b.git"


def test_a_mapped_host_leads_its_repositories_along() -> None:
    assert Mirrors({"https://github.com": "/srv/git"}).repository("https://github.com/o/r.git") == "/srv/git/o/r"
