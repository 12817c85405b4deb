"""Curves, histograms and charts to the JSON values of their events."""

from __future__ import annotations

from typing import Any, Sequence

from polyaxon.errors import UsageError
from polyaxon.tracking.libraries import library

__all__ = ["altair", "bokeh", "histogram", "mpl_to_plotly", "plain_list", "plotly", "pr_curves", "roc_curves"]

# `Any` throughout: figures and arrays of libraries that are not installed here.


def plain_list(values: Any) -> list[Any]:
    """Return a list of numbers from a list, an array or a tensor."""
    for method in ("detach", "cpu", "tolist"):
        convert = getattr(values, method, None)
        if callable(convert):
            values = convert()
    return list(values)


def histogram(values: Any, bins: Any, max_bins: int | None) -> tuple[list[Any], list[Any]]:
    """Return the heights and the edges of the bins, in which no more than `max_bins` are kept."""
    np = library("numpy", "`log_histogram`")
    flat = np.asarray(plain_list(values), dtype=float).reshape(-1)
    heights, edges = np.histogram(flat[np.isfinite(flat)], bins=bins)
    if max_bins is not None and len(heights) > max_bins:
        step = -(-len(heights) // max_bins)
        heights = np.add.reduceat(heights, np.arange(0, len(heights), step))
        edges = np.append(edges[:-1:step], edges[-1])
    return heights.tolist(), edges.tolist()


def roc_curves(predictions: Any, targets: Any, is_multi_class: bool) -> list[tuple[str, list[Any], list[Any], float]]:
    """Return (class or "", x, y, area) per curve; one per class when there are several."""
    metrics = library("sklearn.metrics", "`log_sklearn_roc_auc_curve`", "scikit-learn")
    curves = []
    for label, scores, truth in _by_class(predictions, targets, is_multi_class):
        x, y, _ = metrics.roc_curve(truth, scores)
        curves.append((label, plain_list(x), plain_list(y), float(metrics.auc(x, y))))
    return curves


def pr_curves(predictions: Any, targets: Any, is_multi_class: bool) -> list[tuple[str, list[Any], list[Any], float]]:
    """Return (class or "", precision, recall, average precision) per curve."""
    metrics = library("sklearn.metrics", "`log_sklearn_pr_curve`", "scikit-learn")
    curves = []
    for label, scores, truth in _by_class(predictions, targets, is_multi_class):
        precision, recall, _ = metrics.precision_recall_curve(truth, scores)
        average = float(metrics.average_precision_score(truth, scores))
        curves.append((label, plain_list(precision), plain_list(recall), average))
    return curves


def plotly(figure: Any) -> Any:
    """Return a plotly figure as JSON values."""
    import json

    if hasattr(figure, "to_json"):
        return json.loads(figure.to_json())
    raise UsageError(f"`{type(figure).__name__}` is not a plotly figure", "pass a `plotly.graph_objects.Figure`")


def bokeh(figure: Any) -> Any:
    """Return a bokeh figure as JSON values."""
    return library("bokeh.embed", "`log_bokeh_chart`").json_item(figure)


def altair(figure: Any) -> Any:
    """Return an altair chart as a Vega-Lite specification."""
    if hasattr(figure, "to_dict"):
        return figure.to_dict()
    raise UsageError(f"`{type(figure).__name__}` is not an altair chart", "pass an `altair.Chart`")


def mpl_to_plotly(figure: Any) -> Any:
    """Return a matplotlib figure as plotly JSON; raise `ValueError` when it cannot be told in plotly's terms."""
    return plotly(library("plotly.tools", "`log_mpl_plotly_chart`").mpl_to_plotly(figure))


def _by_class(predictions: Any, targets: Any, is_multi_class: bool) -> Sequence[tuple[str, Any, Any]]:
    if not is_multi_class:
        return [("", predictions, targets)]
    np = library("numpy", "curves of several classes")
    scores, truth = np.asarray(predictions), np.asarray(targets)
    if truth.ndim == 1:
        truth = truth[:, None] == np.arange(scores.shape[1])[None, :]
    return [(str(index), scores[:, index], truth[:, index]) for index in range(scores.shape[1])]
