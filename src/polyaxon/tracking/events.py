"""What training logs over its steps: metrics, pictures, curves, tables. One method per kind of event.

Every method takes `step` (an integer) and `timestamp` (a datetime, ISO text or seconds; default now). Names are
stored as `layout.safe_name` has them. Third-party libraries are imported by the methods that need them.
"""

from __future__ import annotations

import os
import sys
from time import time

from polyaxon.tracking import layout
from polyaxon.tracking.writer import Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any, Callable, Union

    Moment = Union[datetime, float, str, None]

__all__ = ["Events"]

# `Any` throughout: values are whatever training has: arrays, tensors, figures, frames.


class Events:
    """The event methods of a run, on top of its writer. A run that does not report (`is_reporting` false: one rank of
    many) takes every call and writes nothing; one that does not collect keeps only the last value of each metric."""

    def __init__(self, directory: str, writer: Writer, is_reporting: bool, is_collecting: bool) -> None:
        self._directory = directory
        self._writer = writer
        self._is_reporting = is_reporting
        self._is_collecting = is_collecting
        self._names: dict[str, str] = {}
        self._flags: set[str] = set()
        self._said: set[str] = set()
        self._last_metrics: dict[str, float] = {}
        self._put_metric: Callable[[str, int | None, float, float], None] = (
            self._skip_metric if not is_reporting else writer.metric if is_collecting else self._keep_last_metric
        )

    def log_metric(self, name: str, value: float, step: int | None = None, timestamp: Moment = None) -> None:
        """Log one value of a metric. The last value also becomes an output of the run."""
        stored = self._names.get(name) or self._metric_name(name)
        try:
            number = float(value)
            if step is not None and type(step) is not int:
                step = int(step)
        except (TypeError, ValueError):
            self._warn(f"metric `{name}`: {value!r} at step {step!r} is not a number and was skipped", once=name)
            return
        self._put_metric(stored, step, time() if timestamp is None else layout.seconds(timestamp), number)

    def log_metrics(self, /, step: int | None = None, timestamp: Moment = None, **metrics: float) -> None:
        """Log one value of each metric, all at one step and moment."""
        at = layout.seconds(timestamp)
        for name, value in metrics.items():
            self.log_metric(name, value, step, at)

    def log_text(self, name: str, text: str, step: int | None = None, timestamp: Moment = None) -> None:
        """Log a text."""
        self._event("text", name, str(text), step, timestamp)

    def log_html(self, name: str, html: str, step: int | None = None, timestamp: Moment = None) -> None:
        """Log a piece of HTML."""
        self._event("html", name, str(html), step, timestamp)

    def log_image(
        self,
        data: Any,
        name: str | None = None,
        step: int | None = None,
        timestamp: Moment = None,
        rescale: float = 1,
        dataformats: str = "CHW",
        ext: str | None = None,
    ) -> None:
        """Log an image: an array (axes named by `dataformats`), a Pillow image, encoded bytes or a file's path."""
        from polyaxon.tracking import media

        extension = ext or _extension(data) or "png"
        self._asset(
            "image",
            name or _stem(data) or "image",
            extension.lstrip("."),
            lambda path: media.save_image(data, path, rescale, dataformats),
            step,
            timestamp,
        )

    def log_image_with_boxes(
        self,
        tensor_image: Any,
        tensor_boxes: Any,
        name: str | None = None,
        step: int | None = None,
        timestamp: Moment = None,
        rescale: float = 1,
        dataformats: str = "CHW",
    ) -> None:
        """Log an image with the outline of boxes (left, top, right, bottom)."""
        if not self._is_reporting:
            return
        from polyaxon.tracking import media

        pixels = media.draw_boxes(tensor_image, tensor_boxes, dataformats)
        self.log_image(pixels, name or "figure", step, timestamp, rescale, "HWC")

    def log_mpl_image(
        self,
        data: Any,
        name: str | None = None,
        close: bool = True,
        step: int | None = None,
        timestamp: Moment = None,
    ) -> None:
        """Log a matplotlib figure, or several, as images."""
        from polyaxon.tracking import media

        stem = name or "figure"
        figures = list(data) if isinstance(data, (list, tuple)) else [data]
        for index, figure in enumerate(figures):
            self._asset(
                "image",
                stem if len(figures) == 1 else f"{stem}_{index}",
                "png",
                lambda path, figure=figure: media.save_figure(figure, path, close),  # type: ignore[misc]
                step,
                timestamp,
            )

    def log_video(
        self,
        data: Any,
        name: str | None = None,
        fps: float = 4,
        step: int | None = None,
        timestamp: Moment = None,
        content_type: str | None = None,
    ) -> None:
        """Log a film: frames (time × channels × height × width) as a GIF, or a file's path."""
        from polyaxon.tracking import media

        kind = content_type or _extension(data) or "gif"
        self._asset(
            "video",
            name or _stem(data) or "video",
            kind,
            lambda path: media.save_video(data, path, fps, kind),
            step,
            timestamp,
        )

    def log_audio(
        self,
        data: Any,
        name: str | None = None,
        sample_rate: int = 44100,
        step: int | None = None,
        timestamp: Moment = None,
        content_type: str | None = None,
    ) -> None:
        """Log a sound: samples between -1 and 1 as WAV, or a file's path."""
        from polyaxon.tracking import media

        kind = content_type or _extension(data) or "wav"
        self._asset(
            "audio",
            name or _stem(data) or "audio",
            kind,
            lambda path: media.save_audio(data, path, sample_rate, kind),
            step,
            timestamp,
        )

    def log_dataframe(
        self, df: Any, name: str, content_type: str = "csv", step: int | None = None, timestamp: Moment = None
    ) -> None:
        """Log a data frame as `csv` or `html`."""
        from polyaxon.tracking import media

        self._asset(
            "dataframe", name, content_type, lambda path: media.save_dataframe(df, path, content_type), step, timestamp
        )

    def log_np_histogram(
        self, name: str, values: Any, counts: Any, step: int | None = None, timestamp: Moment = None
    ) -> None:
        """Log a histogram that is computed already: `values` are its heights, `counts` the edges of its bins."""
        from polyaxon.tracking.charts import plain_list

        heights, edges = plain_list(values), plain_list(counts)
        if len(heights) + 1 != len(edges):
            self._warn(f"histogram `{name}`: {len(heights)} heights need {len(heights) + 1} edges, not {len(edges)}")
        elif len(heights) > 512:
            self._warn(f"histogram `{name}`: {len(heights)} bins are more than 512; it was skipped")
        else:
            self._event("histogram", name, {"values": heights, "counts": edges}, step, timestamp)

    def log_histogram(
        self,
        name: str,
        values: Any,
        bins: Any = 10,
        max_bins: int | None = None,
        step: int | None = None,
        timestamp: Moment = None,
    ) -> None:
        """Log the histogram of values; `bins` as numpy takes them."""
        if not self._is_reporting:
            return
        from polyaxon.tracking import charts

        heights, edges = charts.histogram(values, bins, max_bins)
        self.log_np_histogram(name, heights, edges, step, timestamp)

    def log_curve(
        self,
        name: str,
        x: Any,
        y: Any,
        annotation: str | None = None,
        step: int | None = None,
        timestamp: Moment = None,
    ) -> None:
        """Log a curve through the points (x, y)."""
        self._curve("custom", name, x, y, annotation, step, timestamp)

    def log_roc_auc_curve(
        self,
        name: str,
        fpr: Any,
        tpr: Any,
        auc: float | None = None,
        step: int | None = None,
        timestamp: Moment = None,
    ) -> None:
        """Log a receiver operating characteristic: false and true positive rates."""
        self._curve("roc", name, fpr, tpr, None if auc is None else str(auc), step, timestamp)

    def log_pr_curve(
        self,
        name: str,
        precision: Any,
        recall: Any,
        average_precision: float | None = None,
        step: int | None = None,
        timestamp: Moment = None,
    ) -> None:
        """Log a precision-recall curve."""
        annotation = None if average_precision is None else str(average_precision)
        self._curve("pr", name, precision, recall, annotation, step, timestamp)

    def log_sklearn_roc_auc_curve(
        self,
        name: str,
        y_preds: Any,
        y_targets: Any,
        step: int | None = None,
        timestamp: Moment = None,
        is_multi_class: bool = False,
    ) -> None:
        """Compute the receiver operating characteristic with scikit-learn, and log it (one per class)."""
        if not self._is_reporting:
            return
        from polyaxon.tracking import charts

        for label, fpr, tpr, area in charts.roc_curves(y_preds, y_targets, is_multi_class):
            self.log_roc_auc_curve(_with_label(name, label), fpr, tpr, area, step, timestamp)

    def log_sklearn_pr_curve(
        self,
        name: str,
        y_preds: Any,
        y_targets: Any,
        step: int | None = None,
        timestamp: Moment = None,
        is_multi_class: bool = False,
    ) -> None:
        """Compute the precision-recall curve with scikit-learn, and log it (one per class)."""
        if not self._is_reporting:
            return
        from polyaxon.tracking import charts

        for label, precision, recall, average in charts.pr_curves(y_preds, y_targets, is_multi_class):
            self.log_pr_curve(_with_label(name, label), precision, recall, average, step, timestamp)

    def log_confusion_matrix(
        self, name: str, x: Any, y: Any, z: Any = None, step: int | None = None, timestamp: Moment = None
    ) -> None:
        """Log a confusion matrix: labels `x` and `y`, and the rows `z`, one per `y`. Without `z`, `x` has the rows."""
        from polyaxon.tracking.charts import plain_list

        columns, rows = plain_list(x), plain_list(y)
        matrix = [plain_list(row) for row in (columns if z is None else plain_list(z))]
        if z is None:
            columns = rows
        if len(matrix) != len(rows) or any(len(row) != len(columns) for row in matrix):
            self._warn(f"confusion matrix `{name}`: its rows do not fit {len(columns)} × {len(rows)} labels; skipped")
            return
        self._event("confusion", name, {"x": columns, "y": rows, "z": matrix}, step, timestamp)

    def log_plotly_chart(self, name: str, figure: Any, step: int | None = None, timestamp: Moment = None) -> None:
        """Log a plotly figure."""
        self._chart("plotly", name, figure, step, timestamp)

    def log_bokeh_chart(self, name: str, figure: Any, step: int | None = None, timestamp: Moment = None) -> None:
        """Log a bokeh figure."""
        self._chart("bokeh", name, figure, step, timestamp)

    def log_altair_chart(self, name: str, figure: Any, step: int | None = None, timestamp: Moment = None) -> None:
        """Log an altair chart."""
        self._chart("vega", name, figure, step, timestamp)

    def log_mpl_plotly_chart(
        self,
        name: str,
        figure: Any,
        step: int | None = None,
        timestamp: Moment = None,
        close: bool = True,
        fallback_to_image: bool = True,
    ) -> None:
        """Log a matplotlib figure as a plotly chart, or as an image where plotly has no terms for it."""
        if not self._is_reporting:
            return
        from polyaxon.errors import UsageError
        from polyaxon.tracking import charts

        try:
            value = charts.mpl_to_plotly(figure)
        except (UsageError, ValueError, AttributeError, KeyError, TypeError):
            if not fallback_to_image:
                raise
            self.log_mpl_image(figure, name, close, step, timestamp)
            return
        self._event("chart", name, {"kind": "plotly", "figure": value}, step, timestamp)

    def log_trace(self, span: Any, step: int | None = None, timestamp: Moment = None) -> None:
        """Log a span of a trace: a mapping, or an object with `to_dict`, that has a name."""
        value = span.to_dict() if hasattr(span, "to_dict") else dict(span)
        self._event("span", str(value.get("name") or "span"), value, step, timestamp)
        self._flag("has_traces")

    # What the run's other methods use too

    def _say(self, operation: str, **fields: Any) -> None:
        """Add a record to the journal."""
        if self._is_reporting:
            self._writer.line(layout.JOURNAL, layout.encode({"op": operation, **fields}) + "\n")

    def _flag(self, name: str) -> None:
        """Set a flag of the run's meta, once."""
        if name not in self._flags:
            self._flags.add(name)
            self._say("meta", values={name: True})

    # Private

    def _metric_name(self, name: str) -> str:
        self._names[name] = stored = layout.safe_name(name)
        if self._is_reporting:
            self._flag("has_metrics")
            self._flag("has_events")
        return stored

    def _skip_metric(self, name: str, step: int | None, at: float, value: float) -> None:
        """Another rank reports."""

    def _keep_last_metric(self, name: str, step: int | None, at: float, value: float) -> None:
        del step, at  # the run has no event files
        self._last_metrics[name] = value

    def _event(self, kind: str, name: str, value: Any, step: int | None, timestamp: Moment) -> None:
        if not self._can_write(kind):
            return
        at = layout.seconds(timestamp)
        number = None if step is None else int(step)
        if kind in layout.JSON_KINDS:
            text = layout.json_record(kind, number, at, value)
        else:
            text = layout.csv_row(number, at, value)
        self._writer.line(layout.event_path(kind, layout.safe_name(name)), text, layout.header(kind))
        self._flag("has_events")

    def _asset(
        self,
        kind: str,
        name: str,
        extension: str,
        save: Callable[[str], dict[str, Any]],
        step: int | None,
        timestamp: Moment,
    ) -> None:
        """Write a file of the event's own, and the event that refers to it."""
        if not self._can_write(kind):
            return
        relative = layout.asset_path(kind, layout.safe_name(name), extension, step)
        path = os.path.join(self._directory, relative)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self._event(kind, name, {**save(path), "path": relative}, step, timestamp)

    def _curve(
        self, kind: str, name: str, x: Any, y: Any, annotation: str | None, step: int | None, timestamp: Moment
    ) -> None:
        from polyaxon.tracking.charts import plain_list

        value = {"kind": kind, "x": plain_list(x), "y": plain_list(y), "annotation": annotation}
        if len(value["x"] or ()) != len(value["y"] or ()):
            self._warn(f"curve `{name}`: its x and y have different lengths; it was skipped")
            return
        self._event("curve", name, value, step, timestamp)

    def _chart(self, kind: str, name: str, figure: Any, step: int | None, timestamp: Moment) -> None:
        if not self._can_write("chart"):
            return
        from polyaxon.tracking import charts

        convert = {"plotly": charts.plotly, "bokeh": charts.bokeh, "vega": charts.altair}[kind]
        self._event("chart", name, {"kind": kind, "figure": convert(figure)}, step, timestamp)

    def _can_write(self, kind: str) -> bool:
        if self._is_reporting and not self._is_collecting:
            self._warn(f"{kind} events are not collected: the run has `collectArtifacts: false`", once=kind)
        return self._is_reporting and self._is_collecting

    def _warn(self, message: str, once: str | None = None) -> None:
        if once is not None:
            if once in self._said:
                return
            self._said.add(once)
        if self._is_reporting:
            sys.stderr.write(f"polyaxon: {message}\n")


def _with_label(name: str, label: str) -> str:
    return f"{name}_{label}" if label else name


def _is_path(data: Any) -> bool:
    return isinstance(data, (str, os.PathLike))


def _extension(data: Any) -> str | None:
    return os.path.splitext(os.fspath(data))[1].lstrip(".") or None if _is_path(data) else None


def _stem(data: Any) -> str | None:
    return os.path.splitext(os.path.basename(os.fspath(data)))[0] if _is_path(data) else None
