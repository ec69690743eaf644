"""The report: one self-contained page that works offline, made from the run store alone."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from archgraft.agent.attempt import Attempt
from archgraft.agent.cascade import RungTally, StageTally, rung_tallies, stage_tallies
from archgraft.agent.front import Front, front_of
from archgraft.agent.genes.text import genes_text
from archgraft.agent.report import figures, text
from archgraft.agent.report.comparison import Comparison, compare
from archgraft.agent.report.lineage import Step, lineage
from archgraft.agent.report.seed_strip import SeedStrip, seed_strip
from archgraft.agent.report.tallies import (
    Contribution,
    Failure,
    InheritedTally,
    by_family,
    by_operator,
    failures,
    inherited_tally,
    is_failure,
)
from archgraft.agent.store.reader import RunReader, load_run
from archgraft.agent.store.records import Event, RunInfo, Spend
from archgraft.agent.whole_file import write_whole
from archgraft.evaluator.paces import LatencyComparison
from archgraft.evaluator.results import Status

if TYPE_CHECKING:
    from jinja2 import Environment

REPORT_NAME = "report.html"
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Page:
    """All that the page tells."""

    info: RunInfo
    run_name: str
    attempts: Sequence[Attempt]
    comparison: Comparison | None
    strip: SeedStrip | None
    figures: dict[str, figures.Figure]
    steps: Sequence[Step]
    failures: Sequence[Failure]
    stages: Sequence[StageTally]
    rungs: Sequence[RungTally]
    operators: Sequence[Contribution]
    families: Sequence[Contribution]
    inherited: InheritedTally
    spend: Spend
    search_seconds: float
    n_sessions: int
    n_pending: int
    tiers: Sequence[str]
    n_test_evaluations: int
    events: Sequence[Event]
    front: Front
    latencies: Sequence[LatencyComparison]
    """The best candidate's beside the rootstock's, in each variant; none before the finals."""
    exclusions: Mapping[int, str]
    """Why some finalists may not be returned."""

    @property
    def tried(self) -> Sequence[Attempt]:
        """The attempts that were charged to the budget: all but the rootstock."""
        return [attempt for attempt in self.attempts if attempt.index > 0]

    @property
    def n_valid(self) -> int:
        """How many of them ran well, scored or stopped early."""
        return sum(not is_failure(attempt) for attempt in self.tried)

    @property
    def n_stopped_early(self) -> int:
        """How many of them were stopped early, as they were clearly behind."""
        return sum(attempt.status is Status.STOPPED_EARLY for attempt in self.tried)

    @property
    def n_outranked(self) -> int:
        """How many of them were not trained, as zero-cost proxies placed them among the lowest."""
        return sum(attempt.status is Status.OUTRANKED for attempt in self.tried)

    @property
    def n_not_promoted(self) -> int:
        """How many of them were not trained in full, as others did better on a lower rung."""
        return sum(attempt.status is Status.NOT_PROMOTED for attempt in self.tried)

    @property
    def n_rescued(self) -> int:
        """How many of them needed a second try with a milder recipe, whatever came of it."""
        return sum(bool(attempt.result.rescues) for attempt in self.tried)

    @property
    def decimals(self) -> int:
        """How many decimals scores are told with."""
        if self.comparison is None:
            return 2
        sides = (self.comparison.rootstock, self.comparison.best)
        return max(text.decimals_for(side.scores.values()) for side in sides)


def build_report(run_folder: Path) -> Path:
    """Write `report.html` into a run's folder and return its path.

    Raises `UsageError` when there is no run, or the page can't be written.
    """
    with load_run(run_folder) as run:
        page = gather(run)
    return write_whole(run_folder / REPORT_NAME, render(page).encode())


def gather(run: RunReader) -> Page:
    """Read a run, finished or not, into what its page tells."""
    info, attempts, comparison = run.info, run.attempts(), compare(run)
    best = comparison.best.candidate_id if comparison is not None else 0
    tried = [attempt for attempt in attempts if attempt.index > 0]
    return Page(
        info=info,
        run_name=run.folder.resolve().name,
        attempts=attempts,
        comparison=comparison,
        strip=seed_strip(comparison) if comparison is not None else None,
        figures=_figures(run, attempts, best) if comparison is not None else {},
        steps=lineage(run, best) if comparison is not None else (),
        failures=failures(tried),
        stages=stage_tallies(attempts),
        rungs=rung_tallies(attempts, run.promotions()),
        operators=by_operator(tried),
        families=by_family(tried),
        inherited=inherited_tally(attempts, info.metric),
        spend=run.spend(),
        search_seconds=run.stored_seconds(),
        n_sessions=run.n_sessions(),
        n_pending=len(run.pending()),
        tiers=sorted({attempt.result.tier for attempt in attempts if attempt.result.tier}),
        n_test_evaluations=len(run.measurements(split="test")),
        events=run.events(),
        front=front_of(attempts),
        latencies=run.latencies().get(best, ()),
        exclusions=run.exclusions(),
    )


def render(page: Page) -> str:
    """The page as HTML. Everything that a candidate or a chooser wrote is escaped."""
    plotly = (resources.files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            page=page,
            style=(_TEMPLATES / "report.css").read_text(encoding="utf-8"),
            script=(_TEMPLATES / "report.js").read_text(encoding="utf-8"),
            plotly=plotly,
        )
    )


def _figures(run: RunReader, attempts: Sequence[Attempt], best: int) -> dict[str, figures.Figure]:
    metric = run.info.metric
    return {
        "curve-attempts": figures.best_so_far(attempts, metric),
        "curve-time": figures.best_so_far(attempts, metric, run.finished_at()),
        "front-parameters": figures.front(attempts, metric, lambda m: m.n_parameters, "parameters", best),
        "front-flops": figures.front(attempts, metric, lambda m: m.flops, "FLOPs of one sample", best),
        "front-latency": figures.front(attempts, metric, lambda m: m.latency_ms, "latency of a batch (ms)", best),
    }


def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(_TEMPLATES)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    names = ("number", "score", "difference", "count", "ratio", "duration", "share", "words", "sentence")
    environment.filters |= {name: getattr(text, name) for name in names}
    environment.filters["genes"] = genes_text
    environment.globals["inherited_mark"] = text.INHERITED
    environment.filters["script_data"] = _script_data
    return environment


def _script_data(figure: figures.Figure) -> str:
    """JSON that can stand inside a script element: no character of it can end the element."""
    from markupsafe import Markup

    encoded = json.dumps(figure, ensure_ascii=True, allow_nan=False)
    for character in "<>&":
        encoded = encoded.replace(character, f"\\u{ord(character):04x}")
    return Markup(encoded)
