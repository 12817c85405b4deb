"""The texts behind paths, addresses and hub names."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from polyaxon.errors import FetchError, NotFoundError, UsageError
from polyaxon.hub.registry import BUILT_IN, TUNERS, entries, parse_name
from polyaxon.hub.sources import HubSources


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/slow.yaml":
            self.server.release.wait(20)  # type: ignore[attr-defined]
        status, kind, body = {
            "/ok.yaml": (200, "text/plain", b"kind: component\n"),
            "/page": (200, "text/html", b"<html>"),
            "/huge": (200, "text/plain", b"x" * (10 * 1024 * 1024 + 1)),
            "/broken": (500, "text/plain", b""),
        }.get(self.path, (404, "text/plain", b""))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            return

    def log_message(self, *args: object) -> None:
        return


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.release = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.release.set()  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()


def sources(home: Path, mirrors: dict[str, str] | None = None) -> HubSources:
    return HubSources(str(home), mirrors, timeout_seconds=5)


def test_a_path_starts_from_the_file_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "x.yaml").write_text("kind: component")
    found = sources(tmp_path).read("path", "./lib/x.yaml", str(tmp_path / "main.yaml"))
    assert (found.text, found.location) == (b"kind: component", str(tmp_path / "lib" / "x.yaml"))


def test_a_path_without_a_base_starts_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.yaml").write_text("a")
    monkeypatch.chdir(tmp_path)
    assert sources(tmp_path).read("path", "x.yaml", None).location == str(tmp_path / "x.yaml")


def test_a_missing_path_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no\.yaml"):
        sources(tmp_path).read("path", "no.yaml", str(tmp_path / "main.yaml"))


def test_a_directory_is_not_a_polyaxonfile(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="is a directory"):
        sources(tmp_path).read("path", str(tmp_path), None)


@pytest.mark.parametrize("base", ["https://a.org/x.yaml", "hub:tune:latest"])
def test_a_path_named_by_a_file_from_elsewhere_is_refused(tmp_path: Path, base: str) -> None:
    with pytest.raises(NotFoundError, match="is a path, but the file that names it"):
        sources(tmp_path).read("path", "../x.yaml", base)


def test_an_address_is_fetched_and_keeps_its_name(tmp_path: Path, site: str) -> None:
    found = sources(tmp_path).read("url", f"{site}/ok.yaml", None)
    assert (found.text, found.location) == (b"kind: component\n", f"{site}/ok.yaml")


@pytest.mark.parametrize(
    ("path", "error", "words"),
    [("/none", NotFoundError, "404"), ("/page", FetchError, "web page"), ("/huge", FetchError, "more than"),
     ("/broken", FetchError, "500")],
)  # fmt: skip
def test_each_way_an_address_fails_is_told_apart(
    tmp_path: Path, site: str, path: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        sources(tmp_path).read("url", site + path, None)


def test_an_address_that_does_not_answer_times_out(tmp_path: Path, site: str) -> None:
    with pytest.raises(FetchError, match=r"did not answer within 0\.2 s"):
        HubSources(str(tmp_path), timeout_seconds=0.2).read("url", f"{site}/slow.yaml", None)


def test_an_address_nobody_serves_is_a_fetch_error_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="could not be read") as caught:
        sources(tmp_path).read("url", "http://127.0.0.1:1/x.yaml", None)
    assert "--mirror" in str(caught.value.hint)


def test_only_web_addresses_are_fetched(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="not an address"):
        sources(tmp_path).read("url", "ftp://a.org/x.yaml", None)


def test_the_seed_addresses_lead_into_a_directory(tmp_path: Path) -> None:
    (tmp_path / "experimentation").mkdir()
    (tmp_path / "experimentation" / "typed.yaml").write_text("kind: component")
    url = "https://raw.githubusercontent.com/polyaxon/polyaxon-quick-start/master/experimentation/typed.yaml"
    for prefix in (
        url.removesuffix("/experimentation/typed.yaml") + "/",
        "https://github.com/polyaxon/polyaxon-quick-start",
    ):
        found = sources(tmp_path, {prefix: str(tmp_path)}).read("url", url, None)
        assert (found.text, found.location) == (b"kind: component", url)


def test_a_missing_file_behind_a_mirror_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        sources(tmp_path, {"https://a.org": str(tmp_path)}).read("url", "https://a.org/x.yaml", None)
    assert "by a mirror" in str(caught.value.hint)


def test_a_revision_of_a_bare_repository_is_shown(tmp_path: Path) -> None:
    work, bare = tmp_path / "work", tmp_path / "bare.git"
    for command in (
        ["init", "-q", "-b", "trunk", str(work)],
        ["-C", str(work), "config", "user.email", "a@example.org"],
        ["-C", str(work), "config", "user.name", "a"],
    ):
        subprocess.run(["git", *command], check=True)
    (work / "x.yaml").write_text("one")
    subprocess.run(["git", "-C", str(work), "add", "."], check=True)
    subprocess.run(["git", "-C", str(work), "commit", "-qm", "one"], check=True)
    subprocess.run(["git", "-C", str(work), "tag", "v1"], check=True)
    (work / "x.yaml").write_text("two")
    subprocess.run(["git", "-C", str(work), "commit", "-qam", "two"], check=True)
    subprocess.run(["git", "clone", "-q", "--bare", str(work), str(bare)], check=True)
    reader = sources(tmp_path, {"https://github.com/o/r": str(bare)})
    raw = "https://raw.githubusercontent.com/o/r"
    assert reader.read("url", f"{raw}/v1/x.yaml", None).text == b"one"
    assert reader.read("url", f"{raw}/master/x.yaml", None).text == b"two"
    with pytest.raises(NotFoundError, match=r"has no `y\.yaml` at `v1`"):
        reader.read("url", f"{raw}/v1/y.yaml", None)


@pytest.mark.parametrize(
    ("ref", "parts"),
    [("tune", ("polyaxon", "tune", "latest")), ("tune:", ("polyaxon", "tune", "latest")),
     ("tune:1.0", ("polyaxon", "tune", "1.0")), ("acme/tune", ("acme", "tune", "latest")),
     ("acme/tune:1.0", ("acme", "tune", "1.0")), ("acme.tune:1.0", ("acme", "tune", "1.0"))],
)  # fmt: skip
def test_hub_names_are_taken_apart_as_the_format_says(ref: str, parts: tuple[str, str, str]) -> None:
    name = parse_name(ref)
    assert (name.owner, name.name, name.version) == parts


@pytest.mark.parametrize("ref", ["a/b/c", "a:b:c", "", "../x", "a b"])
def test_what_is_no_hub_name_is_refused(ref: str) -> None:
    with pytest.raises(UsageError, match="not the name of a component"):
        parse_name(ref)


@pytest.mark.parametrize("name", [*BUILT_IN, *TUNERS])
def test_every_built_in_component_reads_as_a_component_of_its_name(tmp_path: Path, name: str) -> None:
    value = yaml.safe_load(sources(tmp_path).read("hub", name, None).text)
    assert value["kind"] == "component"
    assert value["name"] == name.split(":")[0]
    assert value["run"]["kind"]


@pytest.mark.parametrize("ref", ["dokerizer", "kaniko", "acme/kaniko", "dockerizer:v1"])
def test_every_spelling_of_the_image_build_finds_it(tmp_path: Path, ref: str) -> None:
    value = yaml.safe_load(sources(tmp_path).read("hub", ref, None).text)
    assert value["run"]["container"]["command"] == ["python", "-m", "polyaxon.builds"]


def test_a_registered_component_comes_before_the_built_in_one(tmp_path: Path) -> None:
    file = tmp_path / "hub" / "slack" / "latest.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    found = sources(tmp_path).read("hub", "slack", None)
    assert (found.text, found.location) == (b"mine", str(file))
    assert {entry.name: entry.source for entry in entries(str(tmp_path))}["slack"] == str(file)


def test_an_unknown_name_suggests_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        sources(tmp_path).read("hub", "dokeriser", None)
    assert caught.value.hint == "did you mean `dokerizer`?"


def test_another_version_of_a_registered_component_is_suggested(tmp_path: Path) -> None:
    file = tmp_path / "hub" / "acme" / "tune" / "1.0.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    assert sources(tmp_path).read("hub", "acme/tune:1.0", None).text == b"mine"
    with pytest.raises(NotFoundError):
        sources(tmp_path).read("hub", "acme/tune:2.0", None)


def test_the_hub_can_be_mirrored(tmp_path: Path) -> None:
    (tmp_path / "theirs" / "tune").mkdir(parents=True)
    (tmp_path / "theirs" / "tune" / "1.0.yaml").write_text("one")
    (tmp_path / "theirs" / "plain.yaml").write_text("two")
    reader = sources(tmp_path, {"hub://acme": str(tmp_path / "theirs")})
    assert reader.read("hub", "acme/tune:1.0", None).text == b"one"
    assert reader.read("hub", "acme/plain", None).text == b"two"
    with pytest.raises(NotFoundError):
        reader.read("hub", "acme/none", None)
