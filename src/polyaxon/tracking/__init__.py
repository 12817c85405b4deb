"""What training code says of itself: metrics, inputs, outputs, files.

    from polyaxon import tracking

    tracking.init()
    tracking.log_inputs(lr=0.1)
    tracking.log_metric("loss", 0.5, step=1)

The functions here speak for one run, `TRACKING_RUN`: the one that `init` made, or one made with defaults by the first
call. Inside a run that polyaxon started it is that run; elsewhere a new one in the local home. Standard library only,
Python 3.8; what a plot or a picture needs besides is imported when one is logged.
"""

from __future__ import annotations

from polyaxon.tracking.run import Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Concatenate, ParamSpec, TypeVar

    from polyaxon.tracking.events import Moment
    from polyaxon.tracking.run import Tags

    P = ParamSpec("P")
    T = TypeVar("T")

TRACKING_RUN: Run | None = None


def init(
    owner: str | None = None,
    project: str | None = None,
    run_uuid: str | None = None,
    client: Any = None,
    track_code: bool = True,
    track_env: bool = True,
    track_logs: bool = True,
    refresh_data: bool = False,
    artifacts_path: str | None = None,
    collect_artifacts: bool | None = None,
    collect_resources: bool | None = None,
    is_offline: bool | None = None,
    is_new: bool | None = None,
    name: str | None = None,
    description: str | None = None,
    tags: Tags = None,
    *,
    no_op: bool | None = None,
    log_context: bool = False,
) -> Run:
    """Begin to track, and return the run; the functions of this module speak for it from now on."""
    global TRACKING_RUN
    TRACKING_RUN = Run(
        owner,
        project,
        run_uuid,
        client,
        track_code,
        track_env,
        track_logs,
        refresh_data,
        artifacts_path,
        collect_artifacts,
        collect_resources,
        is_offline,
        is_new,
        name,
        description,
        tags,
        no_op=no_op,
        log_context=log_context,
    )
    return TRACKING_RUN


def get_or_create_run(tracking_run: Run | None = None) -> Run:
    """Return the run passed in, else the current one, else a new one with defaults."""
    return tracking_run or TRACKING_RUN or init()


def log_metric(name: str, value: float, step: int | None = None, timestamp: Moment = None) -> None:
    """Log one value of a metric. The last value also becomes an output of the run."""
    (TRACKING_RUN or init()).log_metric(name, value, step, timestamp)


def _current(method: Callable[Concatenate[Run, P], T]) -> Callable[P, T]:
    """The method of whichever run is the current one when it is called."""
    name = method.__name__

    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        result: T = getattr(get_or_create_run(), name)(*args, **kwargs)
        return result

    call.__name__ = call.__qualname__ = name
    call.__doc__ = method.__doc__
    return call


log_metrics = _current(Run.log_metrics)
log_text = _current(Run.log_text)
log_html = _current(Run.log_html)
log_image = _current(Run.log_image)
log_image_with_boxes = _current(Run.log_image_with_boxes)
log_mpl_image = _current(Run.log_mpl_image)
log_video = _current(Run.log_video)
log_audio = _current(Run.log_audio)
log_dataframe = _current(Run.log_dataframe)
log_np_histogram = _current(Run.log_np_histogram)
log_histogram = _current(Run.log_histogram)
log_curve = _current(Run.log_curve)
log_roc_auc_curve = _current(Run.log_roc_auc_curve)
log_pr_curve = _current(Run.log_pr_curve)
log_sklearn_roc_auc_curve = _current(Run.log_sklearn_roc_auc_curve)
log_sklearn_pr_curve = _current(Run.log_sklearn_pr_curve)
log_confusion_matrix = _current(Run.log_confusion_matrix)
log_plotly_chart = _current(Run.log_plotly_chart)
log_bokeh_chart = _current(Run.log_bokeh_chart)
log_altair_chart = _current(Run.log_altair_chart)
log_mpl_plotly_chart = _current(Run.log_mpl_plotly_chart)
log_inputs = _current(Run.log_inputs)
log_outputs = _current(Run.log_outputs)
log_meta = _current(Run.log_meta)
log_tags = _current(Run.log_tags)
log_progress = _current(Run.log_progress)
log_status = _current(Run.log_status)
log_succeeded = _current(Run.log_succeeded)
log_stopped = _current(Run.log_stopped)
log_failed = _current(Run.log_failed)
log_artifact = _current(Run.log_artifact)
log_model = _current(Run.log_model)
log_artifact_ref = _current(Run.log_artifact_ref)
log_model_ref = _current(Run.log_model_ref)
log_file_ref = _current(Run.log_file_ref)
log_dir_ref = _current(Run.log_dir_ref)
log_data_ref = _current(Run.log_data_ref)
log_tensorboard_ref = _current(Run.log_tensorboard_ref)
log_code_ref = _current(Run.log_code_ref)
log_artifact_lineage = _current(Run.log_artifact_lineage)
log_env = _current(Run.log_env)
set_name = _current(Run.set_name)
set_description = _current(Run.set_description)
set_readme = _current(Run.set_readme)
get_artifacts_path = _current(Run.get_artifacts_path)
get_outputs_path = _current(Run.get_outputs_path)
get_tensorboard_path = _current(Run.get_tensorboard_path)
end = _current(Run.end)

__all__ = ["TRACKING_RUN", "Run", "get_or_create_run", "init"]
__all__ += [name for name, value in list(globals().items()) if callable(value) and name.startswith(("log_", "set_"))]
__all__ += ["end", "get_artifacts_path", "get_outputs_path", "get_tensorboard_path"]
