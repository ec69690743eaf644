"""The result of a search in a few lines: both models, measured alike, and how far the difference can be trusted."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from archgraft.agent.genes.text import genes_text
from archgraft.agent.report.comparison import Comparison, Control, Side, compare
from archgraft.agent.store.reader import RunReader
from archgraft.evaluator.paces import LatencyComparison
from archgraft.evaluator.statistics import Interval
from archgraft.evaluator.variants import Variant

_VERDICTS = {
    "better": "better, beyond the noise of seeds",
    "worse": "worse, beyond the noise of seeds",
    "unclear": "no difference beyond the noise of seeds",
    "unconfirmed": "too few seeds to tell",
    "unchanged": "nothing beat the rootstock",
}
_OF_BOTH = {
    "unconfirmed": "not compared yet over seeds with the rootstock in the same recipe",
    "better": "better than the rootstock with either recipe, beyond the noise of seeds",
    "worse": "worse than the rootstock with one of the recipes, beyond the noise of seeds",
    "unclear": "no difference to the better rootstock beyond the noise of seeds",
}
"""Verdicts on a candidate with a recipe of its own."""


def outcome_lines(run: RunReader) -> Iterator[str]:
    """A small table of best and rootstock, then the verdict."""
    comparison = compare(run)
    if comparison is None:
        yield "no score yet"
        return
    metric = run.info.metric
    best = f"best (candidate {comparison.best.candidate_id})"
    yield f"{'':<24}{'rootstock':>30}{best:>30}"
    for name, shown in _rows(f"{comparison.split} {metric.name}"):
        yield f"{name:<24}{shown(comparison.rootstock):>30}{shown(comparison.best):>30}"
    yield from latency_lines(run.latencies(), comparison.rootstock.candidate_id, comparison.best.candidate_id)
    for candidate_id, reason in run.exclusions().items():
        yield f"candidate {candidate_id} may not be returned: {reason}"
    yield from recipe_lines(comparison)
    yield f"{_verdict(comparison)} ({len(comparison.best.scores)} seeds, intervals at 95 %)"


def recipe_lines(comparison: Comparison) -> Iterator[str]:
    """What the best candidate's own recipe has to do with it; nothing where it has none."""
    if comparison.genes:
        yield f"recipe of its own: {genes_text(comparison.genes)}"
    if (control := comparison.control) is not None:
        yield f"rootstock with that recipe: {interval_text(control.side.interval)}{_beside(control)}"
    if comparison.better_recipe:
        yield f"the rootstock itself did better on validation with {genes_text(comparison.better_recipe)}"


def _beside(control: Control) -> str:
    parts = (("recipe alone", control.recipe_gain), ("architecture in the same recipe", control.difference))
    return "".join(f"; {name} {interval_text(found)}" for name, found in parts if found is not None)


def _rows(score: str) -> tuple[tuple[str, Callable[[Side], str]], ...]:
    return (
        (score, lambda side: interval_text(side.interval)),
        ("parameters", lambda side: f"{side.metrics.n_parameters:,}"),
        ("FLOPs a sample", lambda side: f"{side.metrics.flops:,}"),
        ("latency, batch", lambda side: f"{side.metrics.latency_ms:.2f} ms of {side.metrics.latency_batch}"),
    )


def interval_text(interval: Interval) -> str:
    """`0.9713 [0.9650, 0.9776]`; without bounds where one value gives none."""
    if not interval.known:
        return f"{interval.mean:.4f}"
    return f"{interval.mean:.4f} [{interval.low:.4f}, {interval.high:.4f}]"


def latency_lines(timed: Mapping[int, Sequence[LatencyComparison]], rootstock: int, best: int) -> Iterator[str]:
    """What finalists' comparisons say: ratios of latency, why one isn't told, what was folded, and memory."""
    theirs, ours = ({found.variant: found for found in timed.get(one, ())} for one in (rootstock, best))
    for variant in Variant:
        if variant in theirs or variant in ours:
            cells = (ratio_text(side.get(variant)) for side in (theirs, ours))
            yield f"{f'latency ratio, {variant.words}':<24}" + "".join(f"{cell:>30}" for cell in cells)
    if (found := ours.get(Variant.FUSED)) is not None:
        yield f"{'batch norms folded':<24}{found.rootstock.n_fused:>30}{found.candidate.n_fused:>30}"
    if (found := ours.get(Variant.AS_IS)) is not None:
        both = (f"{pace.peak_memory_bytes / 2**20:.1f} MiB" for pace in (found.rootstock, found.candidate))
        yield f"{'memory of inference':<24}" + "".join(f"{cell:>30}" for cell in both)
    for found in ours.values():
        if found.doubt:
            yield f"latency {found.variant.words} is not to be believed: {found.doubt}"


def ratio_text(latency: LatencyComparison | None) -> str:
    """`0.93 [0.91, 0.95]` of the rootstock's latency."""
    if latency is None or latency.doubt:
        return "-"
    return f"{latency.ratio:.2f} [{latency.low:.2f}, {latency.high:.2f}]"


def _verdict(comparison: Comparison) -> str:
    gained = "" if comparison.difference is None else f"difference {interval_text(comparison.difference)}: "
    if comparison.genes and comparison.verdict in _OF_BOTH:
        return f"{gained}{_OF_BOTH[comparison.verdict]}"
    return f"{gained}{_VERDICTS[comparison.verdict]}"
