"""A search on one page: history, importance, parallel coordinates and a table, as one HTML text.

Nothing is fetched: styles and drawings (SVG) are inside, so the file can be mailed, stored and opened offline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from polyaxon.search.history import Trial, TrialStatus, own
from polyaxon.search.space import Parameter, Space, SpaceError, parse_space

__all__ = ["render_report"]

_WIDTH, _HEIGHT, _PAD = 920, 300, 46
_MOST_ROWS = 1000
_MOST_MARKS = 8
_STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#667085;--line:#d0d5dd;--page:#fff;--good:#0b7a75;--dot:#8aa0b6}
@media(prefers-color-scheme:dark){
:root{--ink:#e6eaf0;--soft:#98a2b3;--line:#344054;--page:#10151d;--good:#4fd1c5;--dot:#5b6f86}
}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page)}
body{max-width:960px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}svg{width:100%;height:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.25rem .6rem;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:600}.best{font-weight:600;color:var(--good)}.soft{color:var(--soft)}
text{font:12px system-ui,sans-serif;fill:var(--soft)}.wide{overflow-x:auto}
"""


def render_report(matrix: Mapping[str, Any], trials: Sequence[Trial], name: str) -> str:
    """The page for a search: its matrix, all its trials and what to call it."""
    metric = matrix.get("metric") or {}
    sign = -1.0 if metric.get("optimization") == "maximize" else 1.0
    mine = own(trials)
    scored = [trial for trial in mine if trial.status is TrialStatus.SUCCEEDED and trial.last_value is not None]
    best = min(scored, key=lambda trial: (sign * (trial.last_value or 0.0), trial.index), default=None)
    objective = str(metric.get("name") or "value")
    goals = [str(goal.get("name")) for goal in matrix.get("metrics") or ()]
    several = goals if len(goals) > 1 else []
    front = _front(matrix, mine) if several else []
    sections = [
        f"<h1>{escape(name)}</h1>",
        _summary(matrix, mine, best, objective),
        f"<h2>History of {escape(objective)}</h2>" + _history(scored, sign),
        *([f"<h2>Best compromises</h2>{_compromises(scored, front, several)}"] if several else []),
        f"<h2>Parameter importance for {escape(objective)}</h2>" + _importance(matrix, mine),
        "<h2>Parallel coordinates</h2>" + _parallel(matrix, scored, sign, objective),
        "<h2>Trials</h2>" + _table(mine, front or [best], several or [objective]),
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(name)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body>{''.join(sections)}</body></html>\n"
    )


def _summary(matrix: Mapping[str, Any], trials: Sequence[Trial], best: Trial | None, objective: str) -> str:
    counts = {status: sum(trial.status is status for trial in trials) for status in TrialStatus}
    parts = [f"{count} {status.value}" for status, count in counts.items() if count]
    text = f"<p>{escape(str(matrix.get('kind')))} search: {', '.join(parts) or 'no trials yet'}.</p>"
    if best is None:
        return text
    params = ", ".join(f"{key} = {_short(value)}" for key, value in best.params.items())
    return text + (
        f'<p class="best">Best {escape(objective)}: {_short(best.last_value)} '
        f"(trial {best.index}: {escape(params)})</p>"
    )


def _history(scored: Sequence[Trial], sign: float) -> str:
    if not scored:
        return _nothing()
    values = [trial.last_value or 0.0 for trial in scored]
    across = _axis(0.0, float(max(1, scored[-1].index)), _PAD, _WIDTH - 10)
    up = _axis(min(values), max(values), _HEIGHT - 24, 12)
    dots, steps = [], []
    best = None
    for trial, value in zip(scored, values, strict=True):
        x, y = across(trial.index), up(value)
        dots.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" fill="var(--dot)"><title>'
            f"trial {trial.index}: {_short(value)}</title></circle>"
        )
        best = value if best is None or sign * value < sign * best else best
        steps.append(f"{x:.1f},{up(best):.1f}")
    staircase = " ".join(
        point if place == 0 else f"{point.split(',')[0]},{steps[place - 1].split(',')[1]} {point}"
        for place, point in enumerate(steps)
    )
    line = f'<polyline points="{staircase}" fill="none" stroke="var(--good)" stroke-width="2"/>'
    labels = (
        f'<text x="4" y="{up(max(values)) + 4:.0f}">{_short(max(values))}</text>'
        f'<text x="4" y="{up(min(values)):.0f}">{_short(min(values))}</text>'
        f'<text x="{_WIDTH - 10}" y="{_HEIGHT - 4}" text-anchor="end">trial {scored[-1].index}</text>'
    )
    return _drawing(_HEIGHT, "".join(dots) + line + labels, "objective of each trial and the best so far")


def _front(matrix: Mapping[str, Any], trials: Sequence[Trial]) -> list[Trial]:
    from polyaxon.search.pareto import front_of  # numpy

    return front_of(trials, matrix)


def _compromises(scored: Sequence[Trial], front: Sequence[Trial], goals: Sequence[str]) -> str:
    """The first two objectives against each other; the trials that no other beats are joined by a line."""
    shown = [trial for trial in scored if len(trial.values) == len(goals)]
    if not shown:
        return _nothing()
    firsts, seconds = [trial.values[0] for trial in shown], [trial.values[1] for trial in shown]
    across = _axis(min(firsts), max(firsts), _PAD + 20, _WIDTH - 20)
    up = _axis(min(seconds), max(seconds), _HEIGHT - 30, 16)
    best = {trial.index for trial in front}
    dots = []
    for trial in shown:
        radius, colour = (4.5, "good") if trial.index in best else (3, "dot")
        dots.append(
            f'<circle cx="{across(trial.values[0]):.1f}" cy="{up(trial.values[1]):.1f}" r="{radius}" '
            f'fill="var(--{colour})"><title>trial {trial.index}: '
            f"{', '.join(_short(value) for value in trial.values)}</title></circle>"
        )
    corners = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in sorted(trial.values[:2] for trial in front))
    line = f'<polyline points="{corners}" fill="none" stroke="var(--good)" stroke-opacity="0.5"/>'
    labels = (
        f'<text x="4" y="14">{escape(goals[1])}: {_short(max(seconds))}</text>'
        f'<text x="4" y="{_HEIGHT - 30}">{_short(min(seconds))}</text>'
        f'<text x="{_PAD + 20}" y="{_HEIGHT - 6}">{_short(min(firsts))}</text>'
        f'<text x="{_WIDTH - 20}" y="{_HEIGHT - 6}" text-anchor="end">{escape(goals[0])}: {_short(max(firsts))}</text>'
    )
    return _drawing(_HEIGHT, line + "".join(dots) + labels, "trials by two objectives; the best compromises are joined")


def _importance(matrix: Mapping[str, Any], trials: Sequence[Trial]) -> str:
    from polyaxon.search.effects import importance  # numpy, for those who look at a report

    params = matrix.get("params")
    shares = importance(params, trials) if isinstance(params, Mapping) else {}
    if not shares:
        return _nothing("too few results to tell")
    bars = []
    for place, (name, share) in enumerate(shares.items()):
        y = 8 + 26 * place
        bars.append(
            f'<text x="170" y="{y + 13}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="180" y="{y}" width="{max(1.0, 640 * share):.1f}" height="18" rx="2" fill="var(--good)"/>'
            f'<text x="{188 + 640 * share:.1f}" y="{y + 13}">{share:.0%}</text>'
        )
    return _drawing(16 + 26 * len(shares), "".join(bars), "share of the variance explained by each parameter")


def _parallel(matrix: Mapping[str, Any], scored: Sequence[Trial], sign: float, objective: str) -> str:
    space = _space(matrix)
    if space is None or not scored:
        return _nothing()
    names = [*space.names, objective]
    gap = (_WIDTH - 2 * _PAD - 20) / max(1, len(names) - 1)
    values = [trial.last_value or 0.0 for trial in scored]
    up = _axis(min(values), max(values), _HEIGHT - 24, 30)
    by_merit = sorted(zip(scored, values, strict=True), key=lambda pair: -sign * pair[1])
    lines = []
    for rank, (trial, value) in enumerate(by_merit):
        heights = [None if p is None else _HEIGHT - 24 - p * (_HEIGHT - 54) for p in space.positions(trial.params)]
        points = " ".join(
            f"{_PAD + gap * place:.1f},{y:.1f}" for place, y in enumerate([*heights, up(value)]) if y is not None
        )
        merit = (rank + 1) / len(by_merit)
        lines.append(
            f'<polyline points="{points}" fill="none" stroke="{"var(--good)" if merit > 0.8 else "var(--dot)"}" '
            f'stroke-opacity="{0.15 + 0.75 * merit * merit:.2f}" stroke-width="{1 + merit:.1f}">'
            f"<title>trial {trial.index}: {_short(value)}</title></polyline>"
        )
    axes = "".join(_coordinate(_PAD + gap * place, name) for place, name in enumerate(names))
    marks = [_marks(parameter) for parameter in space.parameters]
    marks.append([(_HEIGHT - 24, _short(min(values))), (30, _short(max(values)))])
    labels = "".join(
        f'<text x="{_PAD + gap * place + 5:.1f}" y="{y + 4:.1f}">{escape(text)}</text>'
        for place, found in enumerate(marks)
        for y, text in found
    )
    return _drawing(_HEIGHT, axes + "".join(lines) + labels, "one line per trial; the best fifth stands out")


def _coordinate(x: float, name: str) -> str:
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="30" y2="{_HEIGHT - 24}" stroke="var(--line)"/>'
        f'<text x="{x:.1f}" y="18" text-anchor="middle">{escape(name)}</text>'
    )


def _marks(parameter: Parameter) -> list[tuple[float, str]]:
    """What stands beside a parameter's axis: every level where there are few, else the ends."""
    few = parameter.count is not None and parameter.count <= _MOST_MARKS
    count = parameter.count if few and parameter.count else 1
    shares = [(place + 0.5) / count for place in range(count)] if few else [0.0, 1.0]
    return [
        (_HEIGHT - 24 - share * (_HEIGHT - 54), _short(parameter.at(min(share, 1 - 1e-9)))[:12]) for share in shares
    ]


def _table(trials: Sequence[Trial], best: Sequence[Trial | None], objectives: Sequence[str]) -> str:
    stand_out = {trial.index for trial in best if trial is not None}
    names = list(dict.fromkeys(name for trial in trials for name in trial.params))
    head = "".join(f"<th>{escape(name)}</th>" for name in ["trial", "status", *objectives, *names])
    rows = []
    for trial in trials[:_MOST_ROWS]:
        found = [*(trial.values or (trial.last_value,)), *[None] * len(objectives)]
        cells = [str(trial.index), trial.status.value, *map(_short, found[: len(objectives)])]
        cells += [_short(trial.params.get(name)) for name in names]
        style = ' class="best"' if trial.index in stand_out else ""
        rows.append(f"<tr{style}>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    left = len(trials) - len(rows)
    note = f'<p class="soft">{left} more trials are not shown.</p>' if left > 0 else ""
    body = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return f'<div class="wide">{body}</div>{note}'


def _space(matrix: Mapping[str, Any]) -> Space | None:
    params = matrix.get("params")
    try:
        return parse_space(params) if isinstance(params, Mapping) else None
    except SpaceError:
        return None


def _axis(low: float, high: float, start: float, stop: float) -> Any:
    """A linear map of [low, high] to drawing units; the middle when there is no span."""
    span = high - low
    return lambda value: (start + stop) / 2 if not span else start + (value - low) / span * (stop - start)


def _drawing(height: int, content: str, label: str) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(label)}">{content}</svg>'


def _nothing(why: str = "no results yet") -> str:
    return f'<p class="soft">{why}</p>'


def _short(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
