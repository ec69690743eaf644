"""Draws the README's picture from a run of the demo: `python -m docs.picture RUN` writes docs/images/search.svg.

For metrics that are better when higher.
"""

import sys
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

from archgraft.agent.report.comparison import compare
from archgraft.agent.store.reader import RunReader, load_run

PICTURE = Path(__file__).parent / "images" / "search.svg"
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 330, 60, 20, 56, 46
HEAD = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">'
    f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
)


def draw(run: RunReader) -> str:
    """Every scored attempt as a dot, the best so far as a line, and the final comparison as a title."""
    metric = run.info.metric
    attempts = run.attempts()
    scored = [(a.index, a.result.metrics.score, a.improved) for a in attempts if a.result.ok and a.result.metrics]
    start, high = scored[0][1], max(score for _, score, _ in scored)
    low = start - (high - start)  # attempts below it are drawn on the lower edge
    last = max(attempt.index for attempt in attempts) or 1

    def at(index: float, score: float) -> tuple[float, float]:
        x = LEFT + (WIDTH - LEFT - RIGHT) * index / last
        return round(x, 1), round(
            HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * max(score - low, 0) / ((high - low) or 1), 1
        )

    best = [at(index, score) for (index, _, _), score in zip(scored, accumulate((s for _, s, _ in scored), max))]
    stairs = " ".join(f"H{x} V{y}" for x, y in best[1:])
    return "\n".join(
        [
            HEAD,
            f'<text x="{LEFT}" y="22" font-size="16" font-weight="bold">{headline(run)}</text>',
            f'<text x="{LEFT}" y="42" fill="#555">validation {metric.name} of every attempt that trained, and the best '
            f"so far; attempt 0 is the model that the search started from</text>",
            *grid(low, high, last, at(0, low)[1], at(0, high)[1]),
            f'<path d="M{best[0][0]} {best[0][1]} {stairs} H{WIDTH - RIGHT}" fill="none" stroke="#2b6cb0" '
            f'stroke-width="2"/>',
            *(dot(*at(index, score), improved) for index, score, improved in scored),
            "</svg>\n",
        ]
    )


def headline(run: RunReader) -> str:
    """The sealed test's verdict in one line."""
    found = compare(run)
    if found is None:
        return "no score yet"
    rootstock, best = (f"{side.interval.mean:.1f} %" for side in (found.rootstock, found.best))
    return f"{run.info.task}: {rootstock} to {best} test {run.info.metric.name}, mean of {len(found.best.scores)} seeds"


def grid(low: float, high: float, last: int, bottom: float, top: float) -> Iterator[str]:
    """Both axes' end values."""
    for score, y in ((low, bottom), (high, top)):
        yield f'<path d="M{LEFT} {y} H{WIDTH - RIGHT}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{score:.1f}</text>'
    yield f'<text x="{LEFT}" y="{HEIGHT - 16}">attempt 0</text>'
    yield f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 16}" text-anchor="end">{last}</text>'


def dot(x: float, y: float, improved: bool) -> str:
    """One attempt; green when it is better than its parent by more than the noise of seeds."""
    radius, colour = (6, "#2f855a") if improved else (4, "#a0aec0")
    return f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{colour}"/>'


if __name__ == "__main__":
    with load_run(Path(sys.argv[1])) as run:
        PICTURE.write_text(draw(run), encoding="utf-8")
