"""`python -m polyaxon.builds`: what an image build operation runs.

Prints a log like any builder's; its last lines are the error when it fails. What could not be honoured becomes warnings
of the run, the image its output `destination` and part of its lineage.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from polyaxon.builds.builder import Built, Request, build
from polyaxon.errors import PolyaxonError
from polyaxon.runtimes.process.layout import WARNINGS
from polyaxon.settings import read_settings
from polyaxon.tracking.journal import write_record

__all__ = ["main"]


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Build once; return the exit code."""
    options = _parser().parse_args(argv)
    try:
        settings = read_settings(environ)
        built = build(
            Request(
                home=settings.home,
                destination=options.destination,
                dockerfile=os.path.join(options.context, options.dockerfile),
                context=options.context,
                environ=environ,
                base_images=settings.base_images,
                build_args=dict(item.partition("=")[::2] for item in options.build_arg),
                use_cache=not options.nocache,
            ),
            _say,
        )
    except PolyaxonError as error:
        _say(f"build failed: {error.message}")
        if error.hint:
            _say(error.hint)
        return 1
    _say(_summary(built, options.destination))
    run_artifacts = environ.get("POLYAXON_RUN_ARTIFACTS_PATH")
    if run_artifacts:
        _report(built, options.destination, run_artifacts)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m polyaxon.builds", description="Build an image as an environment.")
    parser.add_argument("--destination", required=True, help="name of the image")
    parser.add_argument("--context", default=".", help="directory that COPY lines read from")
    parser.add_argument("--dockerfile", default="Dockerfile", help="the Dockerfile, relative to the context")
    parser.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE", help="value of an ARG")
    parser.add_argument("--nocache", action="store_true", help="build even what is already there")
    return parser


def _summary(built: Built, destination: str) -> str:
    at = datetime.fromtimestamp(built.image.built_at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    what = f"reused, built {at}" if built.is_reused else "built"
    return f"image `{destination}` {what}: {built.image.root}"


def _report(built: Built, destination: str, run_artifacts: str) -> None:
    image = built.image
    if image.warnings:
        Path(run_artifacts, WARNINGS).write_text("".join(f"{warning}\n" for warning in image.warnings))
    summary = {"image": destination, "digest": image.digest, "environment": image.root, "reused": built.is_reused}
    write_record(run_artifacts, {"op": "outputs", "values": {"destination": destination}})
    write_record(
        run_artifacts,
        {"op": "artifact", "name": "destination", "kind": "docker_image", "path": image.root, "summary": summary},
    )


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], os.environ))
