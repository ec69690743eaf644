"""The best model of a run as files to keep: readable source, trained weights, and a card of what was measured."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from archgraft.agent.errors import UsageError
from archgraft.agent.exported_source import exported_source, mined_parts
from archgraft.agent.genes.text import genes_text
from archgraft.agent.report import text
from archgraft.agent.report.comparison import Comparison, Control, Side, compare
from archgraft.agent.report.lineage import lineage
from archgraft.agent.settings import written
from archgraft.agent.store.reader import RunReader, load_run
from archgraft.agent.store.records import Role, RunInfo
from archgraft.agent.whole_file import write_whole
from archgraft.evaluator.statistics import Interval

Card = dict[str, object]


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written. Without finals there are no weights."""

    candidate_id: int
    source: Path
    weights: Path | None
    weights_seed: int | None
    card: Path


def export(run_folder: Path, out: Path) -> Exported:
    """Write the best model as `out` (a `.py` file), its weights and its card beside it.

    Raises `UsageError` when there is no run or no score yet, or when `out` can't be written.
    """
    if out.suffix != ".py" or not out.stem.isidentifier():
        raise UsageError(f"{out}: give a Python file that can be imported, such as best.py")
    with load_run(run_folder) as run:
        comparison = compare(run)
        if comparison is None:
            raise UsageError(f"{run_folder}: no model has a score yet, so there is nothing to export. Search on first.")
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{out}: can't be written ({error.strerror}). Choose another --out.") from error
        return _write(run, comparison, out)


def _write(run: RunReader, comparison: Comparison, out: Path) -> Exported:
    best = comparison.best.candidate_id
    candidate, info = run.candidate(best), run.info
    parts = mined_parts(candidate.source)
    seed = _weights_seed(run, best)
    weights = out.with_suffix(".safetensors")
    if seed is not None:
        write_whole(weights, run.weights(best)[seed].read_bytes())
    else:
        weights.unlink(missing_ok=True)  # of an earlier export: they would not fit
    header = [*_header(info, comparison, run.folder.resolve().name, seed), *_credits(parts)]
    source = exported_source(candidate.source, candidate.construct, header, out.stem, weights.name)
    write_whole(out, source.encode())
    card = _card(run, comparison, parts) | {"weights": _weights_card(run, best, seed, weights)}
    card_path = out.with_suffix(".json")
    write_whole(card_path, (json.dumps(card, indent=2, ensure_ascii=False, default=str) + "\n").encode())
    return Exported(best, out, weights if seed is not None else None, seed, card_path)


def _weights_seed(run: RunReader, candidate_id: int) -> int | None:
    """The seed whose weights go out: the best on validation. The test split has no say in it."""
    orient = run.info.metric.oriented
    kept = run.weights(candidate_id)
    scores = {
        measured.result.seed: orient(measured.result.metrics.score)
        for measured in run.measurements("finalist", "validation")
        if measured.candidate_id == candidate_id and measured.result.seed in kept and measured.result.metrics
    }
    return max(sorted(scores), key=lambda seed: scores[seed], default=None)


def _header(info: RunInfo, comparison: Comparison, run_name: str, seed: int | None) -> Iterator[str]:
    best, rootstock = comparison.best, comparison.rootstock
    yield f"Evolved by archgraft {info.versions.get('archgraft', '')} from {info.model} on {info.task}."
    yield f"Run {run_name}, started {info.created}, seed {info.seed}, candidate {best.candidate_id}."
    yield ""
    yield f"{comparison.split} {info.metric.name}: {_scored(best, info)}; the rootstock's: {_scored(rootstock, info)}"
    if comparison.control is not None:
        yield f"the rootstock's with the same recipe: {_scored(comparison.control.side, info)}"
    yield f"parameters: {best.metrics.n_parameters:,}; the rootstock's: {rootstock.metrics.n_parameters:,}"
    yield f"FLOPs of one sample: {best.metrics.flops:,}; the rootstock's: {rootstock.metrics.flops:,}"
    recipe = ", ".join(f"{name}={written(value)}" for name, value in {**info.recipe, **comparison.genes}.items())
    yield f"trained with: {recipe}"
    if comparison.genes:
        yield f"of which its own, where the rootstock has the task's: {genes_text(comparison.genes)}"
    yield "weights: " + ("none, as no finalist was trained yet" if seed is None else f"trained with seed {seed}")


def _scored(side: Side, info: RunInfo) -> str:
    decimals = text.decimals_for(side.scores.values())
    mean = text.score(side.interval.mean, info.metric.unit, decimals)
    if not side.interval.known:
        return f"{mean} (one seed)"
    bounds = f"{side.interval.low:.{decimals}f} to {side.interval.high:.{decimals}f}"
    return f"{mean} ({bounds} at 95 %, {side.interval.n} seeds)"


def _credits(parts: list[str]) -> list[str]:
    if not parts:
        return []
    return ["", "Parts written by others, each under its own licence:", *(f"  {part}" for part in parts)]


def _card(run: RunReader, comparison: Comparison, parts: list[str]) -> Card:
    info, candidate = run.info, run.candidate(comparison.best.candidate_id)
    return {
        "candidate": candidate.id,
        "tree_hash": candidate.tree_hash,
        "metric": asdict(info.metric),
        "split": comparison.split,
        "verdict": comparison.verdict,
        "difference": _bounds(comparison.difference),
        "best": _side_card(run, comparison.best),
        "rootstock": _side_card(run, comparison.rootstock),
        "recipe": {**info.recipe, **comparison.genes},
        "genes": dict(comparison.genes),
        "control": _control_card(run, comparison.control),
        "lineage": [step.label for step in lineage(run, candidate.id)],
        "mined_parts": parts,
        "run": asdict(info) | {"settings": dict(info.settings)},
    }


def _control_card(run: RunReader, control: Control | None) -> Card | None:
    """The rootstock with the best candidate's recipe."""
    if control is None:
        return None
    differences = {"difference": _bounds(control.difference), "recipe_gain": _bounds(control.recipe_gain)}
    return _side_card(run, control.side, "control") | differences


def _side_card(run: RunReader, side: Side, role: Role = "finalist") -> Card:
    finals = [item for item in run.measurements(role) if item.candidate_id == side.candidate_id]
    scores: dict[str, dict[str, float]] = {}
    for item in finals:
        if item.result.metrics is not None:
            scores.setdefault(item.result.split, {})[str(item.result.seed)] = item.result.metrics.score
    costs = {name: value for name, value in asdict(side.metrics).items() if name not in ("score", "train_loss")}
    return {"interval": _bounds(side.interval), "scores_by_split_and_seed": scores} | costs


def _bounds(interval: Interval | None) -> Card | None:
    if interval is None:
        return None
    low, high = (interval.low, interval.high) if interval.known else (None, None)
    return {"mean": interval.mean, "n": interval.n, "low": low, "high": high}


def _weights_card(run: RunReader, candidate_id: int, seed: int | None, path: Path) -> Card | None:
    if seed is None:
        return None
    scores = {
        item.result.split: item.result.metrics.score
        for item in run.measurements("finalist")
        if (item.candidate_id, item.result.seed) == (candidate_id, seed) and item.result.metrics is not None
    }
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"file": path.name, "seed": seed, "sha256": digest, "scores": scores}
