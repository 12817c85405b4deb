"""The command `polyaxon`: its subcommands, and what becomes of an error.

Exit codes: 0 done, 1 the work failed or was stopped, 2 asked wrongly. A bug of ours prints a traceback and exits 70.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from polyaxon import __version__
from polyaxon.cli.groups import LazyCommand, LazyGroup
from polyaxon.errors import InternalError, OutsideError, PolyaxonError, SpecError, UserError

__all__ = ["EXIT_BUG", "EXIT_FAILED", "EXIT_INTERRUPTED", "EXIT_USAGE", "app", "run_app"]

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_BUG = 70
EXIT_INTERRUPTED = 130

COMMANDS = {
    "run": LazyCommand("polyaxon.cli.run:run", "Run a polyaxonfile."),
    "check": LazyCommand("polyaxon.cli.check:check", "Check polyaxonfiles without running anything."),
    "ops": LazyCommand("polyaxon.cli.ops:ops", "Look at runs and operate them."),
    "project": LazyCommand("polyaxon.cli.project:project", "List, show and create projects."),
    "hub": LazyCommand("polyaxon.cli.hub:hub", "List the components that a `hubRef` can name."),
    "config": LazyCommand("polyaxon.cli.config:config", "Show and change settings."),
    "scheduler": LazyCommand("polyaxon.cli.scheduler:scheduler", "Drive runs until told to stop."),
    "completion": LazyCommand("polyaxon.cli.completion:completion", "Print the shell completion script."),
    "version": LazyCommand("polyaxon.cli.version:version", "Print the version."),
}

ALIASES = {"projects": "project", "op": "ops", "runs": "ops"}


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    aliases=ALIASES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("-v", "--verbose", is_flag=True, help="Log what happens inside, and show tracebacks.")
@click.version_option(__version__, "--version", message="%(version)s")
def app(verbose: bool) -> None:
    """Run machine-learning work from polyaxonfiles: components, dags, searches and schedules.

    Start with `polyaxon run -f FILE`; `polyaxon ops ls` shows what has run.
    """
    if verbose:
        import logging  # 20 ms that `--help` need not pay

        logging.basicConfig(level=logging.DEBUG, format="%(levelname)s %(name)s: %(message)s")


def run_app(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code; every error ends here."""
    verbose = bool({"-v", "--verbose"} & set(arguments[:1]))
    try:
        code = app.main(args=list(arguments), prog_name="polyaxon", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader (`| head`) has left; what else would be written goes nowhere, without another complaint at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except PolyaxonError as error:
        if verbose or isinstance(error, InternalError):
            return _report_bug()
        show_error(error)
        return EXIT_FAILED if isinstance(error, OutsideError) else EXIT_USAGE
    except Exception:  # noqa: BLE001 - the edge of the process: everything unexpected is reported once, here
        return _report_bug()
    return code if isinstance(code, int) else 0


def show_error(error: PolyaxonError) -> None:
    """Write the error as its user needs it: what happened, and the next step."""
    if isinstance(error, SpecError):
        for problem in error.problems:
            click.echo(str(problem), err=True)
        return
    word = "error" if isinstance(error, UserError) else "failed"
    click.echo(f"{click.style(word, fg='red', bold=True)}: {error.message}", err=True)
    if error.hint:
        click.echo(f"  help: {error.hint}", err=True)


def _report_bug() -> int:
    import traceback

    traceback.print_exc()
    click.echo(
        f"\nThis is a bug in polyaxon {__version__}, not in your file. "
        "Please report it with the lines above and the command you ran.",
        err=True,
    )
    return EXIT_BUG
