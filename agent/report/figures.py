"""The report's interactive figures, as plain data for plotly.js.

Colours are names of the page's CSS variables (`--good`); the page's script puts in what they stand for in the theme
that the reader sees. All text that comes from candidates is escaped here, as plotly reads some markup in hover texts.
"""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from archgraft.agent.attempt import Attempt
from archgraft.agent.report import text
from archgraft.evaluator.results import Metrics, Status
from archgraft.evaluator.tasks.protocol import Metric

Figure = dict[str, Any]
Axis = Callable[[Attempt], float]

_FAILURE_COLOURS = ("--fail-1", "--fail-2", "--fail-3", "--fail-4", "--fail-5")


def best_so_far(attempts: Sequence[Attempt], metric: Metric, at: Mapping[int, float] | None = None) -> Figure:
    """All attempts as dots, and the best score so far as a line: against attempts, or against minutes `at` which."""
    scored = [attempt for attempt in attempts if attempt.result.metrics is not None and attempt.result.ok]
    if not scored:
        return {"data": [], "layout": _layout("", "")}
    score = _scores(metric)
    low, high = _window([score(attempt) for attempt in scored], metric)
    floor = low - 0.09 * (high - low)

    def place(attempt: Attempt) -> float:
        return attempt.index if at is None else at[attempt.index] / 60

    inside = _clamped(score, low, high)
    valid = [attempt for attempt in scored if not attempt.improved]
    improved = [attempt for attempt in scored if attempt.improved]
    data = [
        _dots("valid", valid, place, inside, metric, "--valid", "circle", 7),
        _dots("better than its parent", improved, place, score, metric, "--good", "circle", 10),
        _staircase(attempts, scored, place, metric),
    ]
    failed = [attempt for attempt in attempts if not attempt.result.ok]
    for number, status in enumerate(sorted({attempt.status for attempt in failed})):
        colour = _FAILURE_COLOURS[number % len(_FAILURE_COLOURS)]
        group = [attempt for attempt in failed if attempt.status is status]
        symbol = "triangle-down" if status is Status.STOPPED_EARLY else "x-thin"
        data.append(_dots(text.words(status), group, place, lambda _: floor, metric, colour, symbol, 8))
    layout = _layout("attempt" if at is None else "minutes of search", _axis_name(metric))
    layout["yaxis"]["range"] = [low - 0.16 * (high - low), high + 0.08 * (high - low)]
    layout["shapes"] = [_level(score(scored[0]))] if scored[0].index == 0 else []
    return {"data": data, "layout": layout}


def front(
    attempts: Sequence[Attempt], metric: Metric, cost: Callable[[Metrics], float], name: str, best: int
) -> Figure:
    """Score against one cost, with the candidates that nothing beats in both joined by a line."""
    scored = [attempt for attempt in attempts if attempt.result.metrics is not None and attempt.result.ok]

    def place(attempt: Attempt) -> float:
        assert attempt.result.metrics is not None
        return cost(attempt.result.metrics)

    if not scored:
        return {"data": [], "layout": _layout("", "")}
    score = _scores(metric)
    low, high = _window([score(attempt) for attempt in scored], metric)
    inside = _clamped(score, low, high)
    efficient = _undominated(scored, place)
    others = [attempt for attempt in scored if attempt not in efficient]
    data = [
        _dots("valid", others, place, inside, metric, "--valid", "circle", 7),
        _dots("on the front", efficient, place, inside, metric, "--accent", "circle", 10),
        _dots("rootstock", [a for a in scored if a.index == 0], place, inside, metric, "--ink", "diamond-open", 15),
        _dots("best", [a for a in scored if a.index == best], place, inside, metric, "--good", "star", 17),
    ]
    data[1] |= {"mode": "lines+markers", "line": {"shape": "hv", "color": "--accent", "width": 1.5}}
    layout = _layout(name, _axis_name(metric))
    costs = [place(attempt) for attempt in scored]
    layout["xaxis"] |= {"tickformat": "~s", "type": "log" if max(costs) > 8 * min(costs) > 0 else "linear"}
    layout["yaxis"]["range"] = [low - 0.06 * (high - low), high + 0.08 * (high - low)]
    return {"data": data, "layout": layout}


def _undominated(scored: Sequence[Attempt], place: Axis) -> list[Attempt]:
    """From cheap to dear, those that score better than all that cost no more."""
    found: list[Attempt] = []
    for attempt in sorted(scored, key=lambda a: (place(a), -(a.oriented_score or 0.0), a.index)):
        if not found or (attempt.oriented_score or 0.0) > (found[-1].oriented_score or 0.0):
            found.append(attempt)
    return found


def _window(scores: Sequence[float], metric: Metric) -> tuple[float, float]:
    """The range worth seeing: hopeless candidates are drawn at its edge, so that they don't flatten the rest."""
    best, worst = sorted((max(scores), min(scores)), key=metric.oriented, reverse=True)
    middle = sorted(scores)[len(scores) // 2]
    reach = 4 * max(abs(best - middle), abs(best - scores[0]), 1e-9)
    edge = worst if abs(best - worst) <= reach else best + (reach if worst > best else -reach)
    low, high = min(best, edge), max(best, edge)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _scores(metric: Metric) -> Axis:
    """The score by which attempts are compared, whether or not they inherited their weights."""

    def score(attempt: Attempt) -> float:
        assert attempt.oriented_score is not None
        return metric.oriented(attempt.oriented_score)

    return score


def _dots(
    name: str, attempts: Sequence[Attempt], x: Axis, y: Axis, metric: Metric, colour: str, symbol: str, size: int
) -> Figure:
    line = {
        "width": 2 if "thin" in symbol or "open" in symbol else 1,
        "color": colour if "thin" in symbol else "--paper",
    }
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [x(attempt) for attempt in attempts],
        "y": [y(attempt) for attempt in attempts],
        "hovertext": [_told(attempt, metric) for attempt in attempts],
        "hoverinfo": "text",
        "marker": {
            "color": colour,
            "symbol": [_symbol(attempt, _scores(metric), y(attempt), symbol) for attempt in attempts],
            "size": size,
            "line": line,
        },
        "visible": True if attempts else "legendonly",
        "showlegend": bool(attempts),
    }


def _clamped(score: Axis, low: float, high: float) -> Axis:
    return lambda attempt: min(max(score(attempt), low), high)


def _symbol(attempt: Attempt, score: Axis, y: float, symbol: str) -> str:
    """A triangle for a score that lies beyond the edge it is drawn at."""
    if not attempt.result.ok or score(attempt) == y:
        return symbol
    return "triangle-down" if score(attempt) < y else "triangle-up"


def _staircase(attempts: Sequence[Attempt], scored: Sequence[Attempt], place: Axis, metric: Metric) -> Figure:
    score, x, y, best = _scores(metric), [], [], None
    for attempt in sorted(scored, key=place):
        if best is None or metric.oriented(score(attempt)) > metric.oriented(best):
            best = score(attempt)
            x.append(place(attempt))
            y.append(best)
    if best is not None:
        x.append(max(place(attempt) for attempt in attempts))
        y.append(best)
    line = {"shape": "hv", "color": "--good", "width": 2.5}
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "best so far",
        "x": x,
        "y": y,
        "line": line,
        "hoverinfo": "skip",
    }


def _told(attempt: Attempt, metric: Metric) -> str:
    what = "rootstock" if attempt.operator is None else f"{text.words(attempt.operator)} · {attempt.family}"
    metrics = attempt.result.metrics
    if metrics is None or not attempt.result.ok:
        return f"#{attempt.index} {escape(what)}<br>{text.words(attempt.status)}: {escape(attempt.result.reason[:90])}"
    gain = "" if attempt.gain is None else f" ({text.number(attempt.gain, signed=True)} to its parent)"
    score = text.score(metrics.score, metric.unit)
    inherited = "" if attempt.result.from_scratch else f", {text.INHERITED}"
    return (
        f"#{attempt.index} {escape(what)}<br>{score}{inherited}{gain}<br>{text.count(metrics.n_parameters)} parameters"
    )


def _axis_name(metric: Metric) -> str:
    return f"{text.words(metric.name)} ({metric.unit})" if metric.unit else text.words(metric.name)


def _level(y: float) -> Figure:
    line = {"color": "--ink-soft", "width": 1.2, "dash": "dot"}
    label = {"text": "rootstock", "textposition": "end", "yanchor": "top", "font": {"color": "--ink-soft", "size": 11}}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": line, "label": label}


def _layout(x: str, y: str) -> Figure:
    axis = {"gridcolor": "--line", "zeroline": False, "linecolor": "--line", "automargin": True, "ticks": ""}
    return {
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": "--ink-soft"},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "height": 400,
        "hovermode": "closest",
        "hoverlabel": {"align": "left", "bgcolor": "--paper", "bordercolor": "--line", "font": {"color": "--ink"}},
        "legend": {"orientation": "h", "x": 0, "y": -0.18, "yanchor": "top", "font": {"color": "--ink-soft"}},
        "xaxis": axis | {"title": {"text": escape(x), "font": {"size": 13}}, "showgrid": False},
        "yaxis": axis | {"title": {"text": escape(y), "font": {"size": 13}}},
    }
