"""A dag drawn: as text for the terminal, as Mermaid for documents, as SVG to look at.

The drawings show names, kinds and dependencies; the order of the layers is the order in which operations can start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from polyaxon.compiler.expand import DagNode, dag_graph, kind_of_operation
from polyaxon.model.record import dataclass
from polyaxon.model.run import RunKind
from polyaxon.spec.dag import Dag
from polyaxon.spec.operation import Operation

__all__ = ["draw_mermaid", "draw_svg", "draw_text"]


@dataclass(frozen=True, slots=True)
class _Box:
    """What is drawn of one operation. `label` is what stands beside the name."""

    name: str
    label: str
    upstreams: tuple[str, ...]
    is_conditional: bool
    inner: tuple[_Box, ...] = ()


def draw_text(operation: Operation) -> str:
    """Return the graph as lines: each operation with what it waits for, nested dags indented below theirs."""
    return "\n".join(_lines(_boxes(operation), ""))


def _lines(boxes: Sequence[_Box], indent: str) -> list[str]:
    width = max((len(box.name) for box in boxes), default=0)
    lines = []
    for box in boxes:
        after = f"  after {', '.join(box.upstreams)}" if box.upstreams else ""
        mark = "?" if box.is_conditional else " "
        lines.append(f"{indent}{box.name:<{width}} {mark} {box.label}{after}".rstrip())
        lines += _lines(box.inner, indent + "    ")
    return lines


def draw_mermaid(operation: Operation) -> str:
    """Return the graph in Mermaid's language."""
    lines = ["flowchart LR"]
    _mermaid(_boxes(operation), lines, "n", "  ")
    return "\n".join(lines)


def _mermaid(boxes: Sequence[_Box], lines: list[str], prefix: str, indent: str) -> None:
    ids = {box.name: f"{prefix}{index}" for index, box in enumerate(boxes)}
    for box in boxes:
        text = f"{box.name}<br/><small>{box.label}</small>".replace('"', "#quot;")
        if box.inner:
            lines.append(f'{indent}subgraph {ids[box.name]}["{text}"]')
            _mermaid(box.inner, lines, ids[box.name] + "_", indent + "  ")
            lines.append(f"{indent}end")
        else:
            open_, close = ("{{", "}}") if box.is_conditional else ("[", "]")
            lines.append(f'{indent}{ids[box.name]}{open_}"{text}"{close}')
    for box in boxes:
        lines += [f"{indent}{ids[upstream]} --> {ids[box.name]}" for upstream in box.upstreams if upstream in ids]


def _boxes(operation: Operation) -> tuple[_Box, ...]:
    if operation.component is None or not isinstance(operation.component.run, Dag):
        name = operation.name or (operation.component.name if operation.component is not None else None)
        kind, runtime = kind_of_operation(operation)
        return (_Box(name or "operation", _label(kind, runtime), (), operation.conditions is not None),)
    return tuple(_box(node) for node in dag_graph(operation).nodes)


def _box(node: DagNode) -> _Box:
    component = node.operation.component
    is_dag = component is not None and isinstance(component.run, Dag)
    return _Box(
        node.name,
        _label(node.kind, node.runtime),
        tuple(node.upstreams),
        node.operation.conditions is not None,
        _boxes(node.operation) if is_dag else (),
    )


def _label(kind: RunKind, runtime: str) -> str:
    return f"{kind} ({runtime})" if kind in (RunKind.MATRIX, RunKind.SCHEDULE) else runtime


# SVG: columns of boxes, each operation one column after the last of those it waits for.

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 168, 44, 64, 20, 16
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1b1f24}.kind{font-size:11px;fill:#57606a}"
    "rect{fill:#fff;stroke:#8c959f}rect.maybe{stroke-dasharray:5 3}path{fill:none;stroke:#8c959f}"
)


def draw_svg(operation: Operation) -> str:
    """Return the graph as an SVG document; a dashed box is an operation with a condition."""
    boxes = _boxes(operation)
    places = _layout(boxes)
    width = max((x for x, _ in places.values()), default=0) + _WIDTH + _MARGIN
    height = max((y for _, y in places.values()), default=0) + _HEIGHT + _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f"<style>{_STYLE}</style>",
        '<defs><marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0,0L8,4L0,8z" style="fill:#8c959f;stroke:none"/></marker></defs>',
    ]
    for box in boxes:
        parts += [_edge(places[upstream], places[box.name]) for upstream in box.upstreams if upstream in places]
    parts += [_rectangle(box, *places[box.name]) for box in boxes]
    return "\n".join([*parts, "</svg>"])


def _layout(boxes: Sequence[_Box]) -> dict[str, tuple[int, int]]:
    """Place the boxes: columns by distance from the start, rows near the middle of what they wait for."""
    column: dict[str, int] = {}
    for box in boxes:
        column[box.name] = max((column[up] + 1 for up in box.upstreams if up in column), default=0)
    rows: dict[str, float] = {}
    for index in range(max(column.values(), default=-1) + 1):
        members = [box for box in boxes if column[box.name] == index]
        members.sort(key=lambda box: _middle(box, rows))
        for row, box in enumerate(members):
            rows[box.name] = row
    step_x, step_y = _WIDTH + _GAP_X, _HEIGHT + _GAP_Y
    return {name: (_MARGIN + column[name] * step_x, _MARGIN + int(row * step_y)) for name, row in rows.items()}


def _middle(box: _Box, rows: Mapping[str, float]) -> float:
    known = [rows[upstream] for upstream in box.upstreams if upstream in rows]
    return sum(known) / len(known) if known else 0.0


def _edge(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1 = start[0] + _WIDTH, start[1] + _HEIGHT // 2
    x2, y2 = end[0], end[1] + _HEIGHT // 2
    middle = (x1 + x2) // 2
    return f'<path d="M{x1},{y1}C{middle},{y1} {middle},{y2} {x2},{y2}" marker-end="url(#end)"/>'


def _rectangle(box: _Box, x: int, y: int) -> str:
    shown = box.name if len(box.name) <= 22 else box.name[:21] + "…"
    label = f"{box.label}, {len(box.inner)} operations" if box.inner else box.label
    kind = ' class="maybe"' if box.is_conditional else ""
    return (
        f"<g><title>{escape(box.name)}</title>"
        f'<rect{kind} x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
        f'<text x="{x + 10}" y="{y + 19}">{escape(shown)}</text>'
        f'<text class="kind" x="{x + 10}" y="{y + 35}">{escape(label)}</text></g>'
    )
