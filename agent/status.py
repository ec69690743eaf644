"""How a run stands, at a glance, while it runs or after."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archgraft.agent.budget import Budget
from archgraft.agent.budget import Spend as BudgetSpend
from archgraft.agent.front import front_of, timed_front_of
from archgraft.agent.genes.space import GeneValue
from archgraft.agent.genes.text import genes_text
from archgraft.agent.report import text
from archgraft.agent.report.comparison import Verdict, compare
from archgraft.agent.report.tallies import is_failure
from archgraft.agent.store.lock import is_locked
from archgraft.agent.store.reader import RunReader, load_run
from archgraft.evaluator.tasks.protocol import Metric


@dataclass(frozen=True, slots=True)
class RunStatus:
    """A run in numbers. Scores are on `split`; `difference` is oriented, so more is better."""

    folder: str
    running: bool
    n_attempts: int
    """Finished ones; the rootstock does not count."""
    n_valid: int
    n_in_flight: int
    attempts_per_hour: float
    failures: dict[str, int]
    metric: Metric
    split: str | None
    rootstock_score: float | None
    best_score: float | None
    best_candidate: int | None
    difference: float | None
    verdict: Verdict | None
    genes: dict[str, GeneValue]
    """What of the recipe is the best candidate's own."""
    front: tuple[int, ...]
    """Attempts that nothing beats in score, parameters and FLOPs at once; 0 is the rootstock."""
    hypervolume: float
    timed_front: tuple[int, ...]
    """Of the rootstock and the finalists, in latency as well; empty before the finals."""
    timed_hypervolume: float
    sealed_test_used: bool
    search_seconds: float
    usd: float
    n_tokens: int
    budget: dict[str, float]
    budget_left: str
    budget_spent: str | None


def status(run_folder: Path) -> RunStatus:
    """Read how a run stands. Raises `UsageError` when there is none."""
    with load_run(run_folder) as run:
        return _status(run)


def _status(run: RunReader) -> RunStatus:
    info, comparison, total, seconds = run.info, compare(run), run.spend(), run.stored_seconds()
    tried = [attempt for attempt in run.attempts() if attempt.index > 0]
    front, timed = front_of(run.attempts()), timed_front_of(run.attempts(), run.latencies())
    budget = Budget.parse(",".join(f"{name}={cap:.17g}" for name, cap in info.budget.items()))
    spent = BudgetSpend(len(tried), seconds / 60, total.gpu_seconds / 3600, total.usd)
    return RunStatus(
        folder=str(run.folder),
        running=is_locked(run.folder),
        n_attempts=len(tried),
        n_valid=sum(not is_failure(attempt) for attempt in tried),
        n_in_flight=len(run.pending()),
        attempts_per_hour=3600 * len(tried) / seconds if seconds else 0.0,
        failures=dict(Counter(attempt.status.value for attempt in tried if is_failure(attempt)).most_common()),
        metric=info.metric,
        split=comparison.split if comparison else None,
        rootstock_score=comparison.rootstock.interval.mean if comparison else None,
        best_score=comparison.best.interval.mean if comparison else None,
        best_candidate=comparison.best.candidate_id if comparison else None,
        difference=comparison.difference.mean if comparison and comparison.difference else None,
        verdict=comparison.verdict if comparison else None,
        genes=dict(comparison.genes) if comparison else {},
        front=front.members,
        hypervolume=front.hypervolume,
        timed_front=timed.members,
        timed_hypervolume=timed.hypervolume,
        sealed_test_used=run.sealed_test_used(),
        search_seconds=seconds,
        usd=total.usd,
        n_tokens=total.n_tokens,
        budget=dict(info.budget),
        budget_left=budget.left(spent),
        budget_spent=budget.exhausted(spent),
    )


def status_lines(run: RunStatus) -> Iterator[str]:
    """The status for people."""
    yield f"run       {run.folder}, {'a search is at work' if run.running else 'no search is at work'}"
    per_hour = text.count(run.attempts_per_hour)
    flight = f", {run.n_in_flight} in flight" if run.n_in_flight else ""
    yield f"attempts  {run.n_attempts}, {run.n_valid} valid{flight}; {per_hour} an hour"
    yield f"best      {_best(run)}"
    if run.genes:
        yield f"genes     {genes_text(run.genes)}"
    failures = ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in run.failures.items())
    yield f"front     {len(run.front)} on score, parameters and FLOPs; hypervolume {run.hypervolume:.4g}"
    if run.timed_front:
        n_timed = len(run.timed_front)
        yield f"finalists {n_timed} on these and latency; hypervolume {run.timed_hypervolume:.4g}"
    yield f"failures  {failures or 'none'}"
    yield f"spent     {text.duration(run.search_seconds)}, {text.count(run.n_tokens)} tokens, {run.usd:.2f} USD"
    yield f"budget    {run.budget_spent or f'{run.budget_left} left'}"


def _best(run: RunStatus) -> str:
    if run.best_score is None or run.rootstock_score is None:
        return "no score yet"
    unit = run.metric.unit
    told = f"{run.split} {run.metric.name} {text.score(run.best_score, unit)} (candidate {run.best_candidate})"
    return f"{told}; rootstock {text.score(run.rootstock_score, unit)}; {run.verdict}"
