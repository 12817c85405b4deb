"""`polyaxon run`: from a file to a result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from polyaxon.cli.assignments import read_assignments, read_bool, read_list, read_mirrors
from polyaxon.cli.home import project_option
from polyaxon.cli.output import Output, output_option
from polyaxon.cli.sources import mirror_option
from polyaxon.cli.specification import Choice
from polyaxon.errors import UsageError

__all__ = ["run"]


@click.command(context_settings={"max_content_width": 120})
# What to run
@click.option("-f", "--file", "files", multiple=True, help="The polyaxonfile; further ones are presets laid over it.")
@click.option("-pm", "--python-module", metavar="FILE.py:NAME", help="A specification written in Python.")
@click.option("--url", help="A polyaxonfile on the network.")
@click.option("--hub", help="A component of the hub: `NAME` or `NAME:VERSION`.")
@click.option("-P", "--param", "--params", "params", multiple=True, metavar="NAME=VALUE", help="The value of an input.")
@click.option(
    "-HP", "--hparam", "--hparams", "hparams", multiple=True, metavar="NAME=KIND:VALUE", help="Search over it."
)
@click.option("--matrix-kind", help="The kind of search that `-HP` makes.  [default: grid]")
@click.option("--matrix-concurrency", type=click.IntRange(min=1), help="How many runs of the search at once.")
@click.option("--matrix-num-runs", type=click.IntRange(min=1), help="How many runs of the search in all.")
@click.option("--presets", help="Comma-separated presets, for the `presets` field.")
@click.option("--strict-params/--no-strict-params", default=None, help="Refuse, or accept, undeclared params.")
@click.option("--ignore-template", is_flag=True, help="Run a file that is marked as a template.")
# A job made of options, or options laid over the file's
@click.option("--image", help="The container's image.")
@click.option("--cmd", multiple=True, help="A line of the job's script; repeat for more.")
@click.option("--env", multiple=True, metavar="NAME=VALUE", help="An environment variable of the main container.")
@click.option("--cpu", help="What to request: `500m`, or `request..limit`.")
@click.option("--memory", help="What to request: `1Gi`, or `request..limit`.")
@click.option("--gpu", help="What to request: `1`.")
@click.option("--ports", "--port", "ports", multiple=True, help="Comma-separated ports of a service.")
# The run
@project_option
@click.option("-n", "--name", help="The run's name.")
@click.option("--tags", help="Comma-separated tags.")
@click.option("--description", help="What the run is for.")
@click.option("-q", "--queue", help="The queue it waits in.")
@click.option("-ns", "--namespace", help="The namespace, for runtimes that have them.")
@click.option("--cache", metavar="YES|NO", help="Whether earlier results may be reused.")
@click.option("--nocache", is_flag=True, help="The same as `--cache no`.")
@click.option("-ap", "--approved", metavar="YES|NO", help="Whether it may start without `ops approve`.")
# How to go on
@click.option("-w", "--watch", is_flag=True, help="Tell every status, not only those that matter.")
@click.option("-l", "--log", "--logs", "with_logs", is_flag=True, help="Print what the runs write.")
@click.option("-d", "--detach", is_flag=True, help="Leave it to a background scheduler and return.")
@click.option("--backfill", metavar="FROM..TO", help="Make the runs that its schedule would have made in that time.")
@click.option("--backfill-concurrency", type=click.IntRange(min=1), help="How many runs of the backfill at once.")
@click.option("--dry-run", is_flag=True, help="Show what would run, in order, and stop there.")
@mirror_option
@output_option
@click.pass_context
def run(ctx: click.Context, /, **options: Any) -> None:  # click's own: one keyword per option above
    """Run a polyaxonfile and follow it to its end.

    Exit 0 when it succeeded, 1 when it failed or was stopped, 2 when the file or an option is wrong. Without `-f`
    the directory's own polyaxonfile is run.
    """
    from polyaxon.cli.launch import Launch, launch

    ctx.exit(launch(_read_launch(Launch, **options)))


def _read_launch(
    launch_type: type[Any],  # imported late: `--help` needs neither pydantic nor a compiler
    *,
    project: str | None,
    watch: bool,
    with_logs: bool,
    detach: bool,
    backfill: str | None,
    backfill_concurrency: int | None,
    dry_run: bool,
    mirrors: tuple[str, ...],
    output: Output,
    **options: Any,
) -> Any:
    return launch_type(
        choice=_read_choice(options),
        overrides=_read_overrides(options),
        directory=Path.cwd(),
        project=project,
        mirrors=read_mirrors(mirrors),
        watch=watch,
        with_logs=with_logs,
        detach=detach,
        backfill=backfill,
        backfill_concurrency=backfill_concurrency,
        dry_run=dry_run,
        output=output,
    )


def _read_choice(options: dict[str, Any]) -> Choice:
    shortcuts = ("image", "cmd", "env", "cpu", "memory", "gpu", "ports")
    return Choice(
        files=options["files"],
        url=options["url"],
        hub=options["hub"],
        python_module=options["python_module"],
        inline=any(options[name] for name in shortcuts),
        inline_only=bool(options["image"]),
    )


def _read_overrides(options: dict[str, Any]) -> Any:
    from polyaxon.compiler.overrides import Overrides

    cache = read_bool("--cache", options["cache"])
    if options["nocache"]:
        if cache is not None:
            raise UsageError("`--cache` and `--nocache` exclude each other", hint="keep one of them")
        cache = False
    same = ("matrix_concurrency", "matrix_num_runs", "queue", "namespace", "name", "description", "image", "cmd", "cpu")
    return Overrides(
        params=read_assignments("-P", options["params"]),
        hparams=read_assignments("-HP", options["hparams"]),
        matrix_kind=options["matrix_kind"],
        presets=read_list(options["presets"]),
        cache=cache,
        approved=read_bool("--approved", options["approved"]),
        tags=read_list(options["tags"]),
        env=read_assignments("--env", options["env"]),
        memory=options["memory"],
        gpu=options["gpu"],
        ports=_read_ports(options["ports"]),
        strict_params=options["strict_params"],
        ignore_template=options["ignore_template"],
        **{name: options[name] for name in same},
    )


def _read_ports(texts: tuple[str, ...]) -> tuple[int, ...]:
    ports = [port for text in texts for port in read_list(text)]
    wrong = [port for port in ports if not port.isdigit()]
    if wrong:
        raise UsageError(f"`{wrong[0]}` is not a port", hint="write `--ports 8000,8001`")
    return tuple(map(int, ports))
