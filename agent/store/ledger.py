"""A run without its clock: what must be equal between two runs with the same seed (law 8)."""

from archgraft.agent.choosers.protocol import Answer
from archgraft.agent.store.codec import to_json
from archgraft.agent.store.reader import RunReader
from archgraft.evaluator.results import Metrics

Entry = dict[str, object]


def ledger(run: RunReader) -> list[Entry]:
    """One entry per finished attempt in index order, then one per further result. No time, latency or memory."""
    answers = {proposal.attempt: proposal.answer for proposal in run.proposals()}
    hashes = run.tree_hashes()
    entries: list[Entry] = []
    for attempt in run.attempts():
        entry: Entry = {
            "attempt": attempt.index,
            "parent": attempt.parent_id,
            "operator": attempt.operator,
            "depth_band": attempt.depth_band,
            "family": attempt.family,
            "tree_hash": hashes.get(attempt.index),
            "status": attempt.status.value,
            "stage": attempt.result.stage.value,
            "reason": attempt.result.reason,
            "seed": attempt.result.seed,
            "rescues": to_json(attempt.result.rescues),
            "rung": attempt.result.rung,
            "inherited_epochs": attempt.result.inherited_epochs,
            "weights_bytes": attempt.weights_bytes,
            "rung_scores": to_json(attempt.rung_scores),
            "proxy_scores": to_json(attempt.proxy_scores),
            "genes": to_json(attempt.genes),
            "gain": attempt.gain,
            "improved": attempt.improved,
            "descriptor": to_json(attempt.descriptor) if attempt.descriptor is not None else None,
        }
        entries.append(entry | _asked(answers.get(attempt.index)) | _measured(attempt.result.metrics))
    for measured in run.measurements(attempts=False):
        result = measured.result
        head: Entry = {"candidate": measured.candidate_id, "role": measured.role, "split": result.split}
        head |= {"rung": result.rung, "inherited_epochs": result.inherited_epochs}
        verdict: Entry = {"seed": result.seed, "status": result.status.value, "reason": result.reason}
        entries.append(head | verdict | _measured(result.metrics))
    return entries


def _asked(answer: Answer | None) -> Entry:
    if answer is None:
        return {}
    n_tokens = answer.n_input_tokens + answer.n_output_tokens
    return {"option": answer.option, "chooser": answer.chooser, "n_tokens": n_tokens, "usd": answer.usd}


def _measured(metrics: Metrics | None) -> Entry:
    if metrics is None:
        return {"score": None}
    return {
        "score": metrics.score,
        "train_loss": metrics.train_loss,
        "n_parameters": metrics.n_parameters,
        "flops": metrics.flops,
    }
