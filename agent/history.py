"""One line about a finished attempt, for prompts and plain progress."""

from archgraft.agent.attempt import Attempt
from archgraft.agent.genes.text import genes_text
from archgraft.evaluator.results import Status


def line(attempt: Attempt) -> str:
    """What was tried and what came of it."""
    if attempt.operator is None:
        what = "the rootstock"
    else:
        what = f"{attempt.operator} {attempt.family} in band {attempt.depth_band} of candidate {attempt.parent_id}"
    metrics = attempt.result.metrics
    if metrics is None:
        return f"{attempt.index}: {what}: {attempt.status} ({attempt.result.reason})"
    gain = "" if attempt.gain is None else f", gain {attempt.gain:+.4g}{' (improved)' if attempt.improved else ''}"
    seeds = f" over {attempt.result.n_seeds} seeds" if attempt.result.n_seeds > 1 else ""
    inherited = "" if attempt.result.from_scratch else " with inherited weights"
    rung = f" on rung {attempt.result.rung + 1}" if attempt.status is Status.NOT_PROMOTED else ""
    genes = f", with {genes_text(attempt.genes)}" if attempt.genes else ""
    return f"{attempt.index}: {what}: score {metrics.score:.4g}{rung}{seeds}{inherited}{gain}{genes}"
