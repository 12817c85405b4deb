"""`polyaxon ops`: one file per verb."""

from __future__ import annotations

import click

from polyaxon.cli.groups import LazyCommand, LazyGroup

__all__ = ["ops"]

COMMANDS = {
    "ls": LazyCommand("polyaxon.cli.ops.ls:ls", "List runs, the newest first."),
    "get": LazyCommand("polyaxon.cli.ops.get:get", "Show a run: state, cause, inputs, outputs."),
    "logs": LazyCommand("polyaxon.cli.ops.logs:logs", "Print what a run wrote, and follow it."),
    "statuses": LazyCommand("polyaxon.cli.ops.statuses:statuses", "Print a run's status history."),
    "explain": LazyCommand("polyaxon.cli.ops.explain:explain", "Say why a run is where it is."),
    "trials": LazyCommand("polyaxon.cli.ops.trials:trials", "Show what a search tried, and why."),
    "report": LazyCommand("polyaxon.cli.ops.report:report", "Write a search's report as one HTML file."),
    "service": LazyCommand("polyaxon.cli.ops.service:service", "Print the addresses of a running service."),
    "artifacts": LazyCommand("polyaxon.cli.ops.artifacts:artifacts", "List or copy what a run left."),
    "wait": LazyCommand("polyaxon.cli.ops.wait:wait", "Wait until a run is over."),
    "stop": LazyCommand("polyaxon.cli.ops.requests:stop", "Stop a run and everything below it."),
    "approve": LazyCommand("polyaxon.cli.ops.requests:approve", "Let a run go on that waits for approval."),
    "skip": LazyCommand("polyaxon.cli.ops.requests:skip", "Skip a run that has not started."),
    "invalidate": LazyCommand("polyaxon.cli.ops.requests:invalidate", "Never reuse this run's results again."),
    "resume": LazyCommand("polyaxon.cli.ops.resume:resume", "Continue a run where it ended."),
    "restart": LazyCommand("polyaxon.cli.ops.restart:restart", "Run it again as a new run."),
    "backfill": LazyCommand("polyaxon.cli.ops.backfill:backfill", "Make the runs of a schedule's past."),
    "update": LazyCommand("polyaxon.cli.ops.update:update", "Change name, description and tags."),
    "transfer": LazyCommand("polyaxon.cli.ops.update:transfer", "Move finished runs to another project."),
    "delete": LazyCommand("polyaxon.cli.ops.delete:delete", "Remove a finished run and its files."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS, aliases={"list": "ls", "log": "logs", "status": "statuses"})
def ops() -> None:
    """Look at runs and operate them.

    RUN is a uuid, the beginning of one, or an operation's name (the latest run of that name);
    left out, it is the project's last run.
    """
