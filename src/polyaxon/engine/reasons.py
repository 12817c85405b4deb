"""Which reasons can a status have? Every one the engine gives, with what it means; stable words, for programs too.

`docs/reference/statuses.md` lists them; the tests refuse a reason that is not here.
"""

from __future__ import annotations

from collections.abc import Mapping

from polyaxon.model.trigger import Unmet

__all__ = ["REASONS", "meaning"]

REASONS: Mapping[str, str] = {
    "OperationCreated": "it was recorded",
    "Compiled": "its values are bound",
    "PendingApproval": "it waits for an approval",
    "PendingBuild": "it waits for its image to be built",
    "PendingCache": "it waits for another run that does the same",
    "ScheduleDue": "its time has come",
    "Queued": "it waits for a slot",
    "Admitted": "the queue let it go, the runtime is starting it",
    "Starting": "the runtime prepares it",
    "Running": "its command runs",
    "Warning": "the runtime sees a problem that may pass",
    "Unschedulable": "no machine fits it, now or ever",
    "PipelineStarted": "its children are at work",
    "Resumed": "it was taken up again",
    "Completed": "it ran to its end",
    "CacheHit": "an earlier run did the same",
    "ScheduleFinished": "its schedule has no more times",
    "ConditionFalse": "its condition was false",
    "UpstreamSkipped": "an upstream was skipped (skipOnUpstreamSkip)",
    "EventMissed": "all went well, and no event it waits for can happen any more",
    Unmet.UPSTREAM_FAILED.value: "something before it failed: its trigger is not satisfied, or no event can happen",
    Unmet.UPSTREAM_STOPPED.value: "the same, only because something was stopped",
    Unmet.TRIGGER_MISSED.value: "all went well before it, or well enough: what its trigger waits for did not happen",
    "BuildFailed": "its image was not built",
    "InvalidSpecification": "its operation cannot be compiled with these values",
    "FetchFailed": "what it refers to could not be read",
    "SearchFailed": "its search cannot go on",
    "EmptyIteration": "its tuner suggested nothing",
    "AttemptFailed": "an attempt ended with an exit code other than 0",
    "AttemptLost": "an attempt is gone without an exit code",
    "ReportedFailure": "its own code reported a failure",
    "CacheOriginalFailed": "the run it waited for, which does the same, failed",
    "ChildFailed": "one of its children failed",
    "TriggerUnsatisfied": "one of its children could not start, and no stop was the cause",
    "ChildStopped": "one of its children was stopped",
    "PendingTimeout": "it waited in the queue for too long",
    "StaleUpload": "its files were not uploaded in time",
    "Timeout": "it took longer than its termination.timeout",
    "EarlyStopping": "its earlyStopping ended it",
    "Pruned": "a stopping policy found it hopeless",
    "Culled": "nobody used it for its termination.culling time",
    "PipelineDone": "every operation that it ran beside has ended",
    "StopRequested": "somebody stopped it",
    "SkipRequested": "somebody skipped it",
    "Stopped": "it was stopped",
    "StoppedElsewhere": "it was stopped outside of the system, or by its own code",
    "PipelineStopRequested": "somebody stopped the pipeline above it",
    "PipelineSkipRequested": "somebody skipped the pipeline above it",
    "PipelineTimeout": "the pipeline above it took too long",
    "PipelineEarlyStopping": "the pipeline above it stopped early",
    "PipelineInvalidSpecification": "the pipeline above it cannot be compiled any more",
    "PipelineFetchFailed": "what the pipeline above it refers to could not be read",
}


def meaning(reason: str) -> str:
    """What the reason says, without the particulars; empty for reasons of others (a client may post any)."""
    return REASONS.get(reason, "")
