"""Rebuilds an offspring in the sandbox and accepts it only when it is the tree that was intended (law 2)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from archgraft.evaluator.results import Stage, Status
from archgraft.evaluator.untrusted import count
from archgraft.evaluator.verdicts import status_of
from archgraft.sandbox.protocol import Job, Limits, Message, Outcome, Sandbox
from archgraft.tree_ops.builder import CANDIDATE_FILE, CONSTRUCT
from archgraft.tree_ops.bytecode import bytecode
from archgraft.tree_ops.emission import Emitted
from archgraft.tree_ops.expectation import adopt, difference
from archgraft.tree_ops.tree import Tree

TRACE = "archgraft.evaluator.trace:run"
MAX_REASON_CHARACTERS = 500
"""The child writes parts of a reason."""


@dataclass(frozen=True, slots=True)
class Verified:
    """An offspring that is what was intended (`tree`), or the reason why the cheapest print of it is not."""

    tree: Tree | None
    status: Status
    stage: Stage
    reason: str
    cpu_seconds: float
    rung: str = ""
    is_exact: bool = False
    """Whether a print rebuilt to the intended tree, whatever else is wrong with it."""


@dataclass(frozen=True, slots=True)
class Traced:
    """What a trace job gave: the raw tree and the outcome; `header` is None when the model did not run."""

    header: dict[str, Any] | None
    outcome: Outcome


def trace(sandbox: Sandbox, source: str, construct: str, inputs: np.ndarray, seed: int, limits: Limits) -> Traced:
    """Build a model from source, run a batch through it, and describe it."""
    code = bytecode(source, CANDIDATE_FILE)
    arrays = {"inputs": inputs} | ({} if code is None else {"code": np.frombuffer(code, np.uint8)})
    message = Message({"source": source, "construct": construct, "seed": seed}, arrays)
    outcome = sandbox.run(Job(TRACE, message, label="trace"), limits)
    return Traced(None if outcome.message is None else dict(outcome.message.header), outcome)


def verify(
    sandbox: Sandbox,
    parent: Tree,
    prints: Iterable[Emitted],
    inputs: np.ndarray,
    output_shape: tuple[int, ...],
    n_unreached: int,
    seed: int,
    limits: Limits,
) -> Verified:
    """Try the prints in order; the first that rebuilds to the intended tree and can learn is accepted.

    `n_unreached` is the parent's number of parameters that no gradient reaches: an offspring may not have more.
    """
    failure: Verified | None = None
    cpu_seconds = 0.0
    any_exact = False
    for emitted in prints:
        traced = trace(sandbox, emitted.source, CONSTRUCT, inputs, seed, limits)
        cpu_seconds += traced.outcome.cpu_seconds
        status, reason = status_of(traced.outcome), traced.outcome.reason
        if traced.header is not None:
            try:
                differs = difference(emitted.expectation, traced.header["nodes"])
                fault = _fault(traced.header, len(inputs), output_shape, n_unreached)
                if differs is None and fault is None:
                    tree = _adopted(emitted, traced.header, len(inputs), parent)
                    return Verified(tree, Status.OK, Stage.VERIFY, "", cpu_seconds, emitted.rung, is_exact=True)
                any_exact = any_exact or differs is None
                status, reason = Status.INVALID, f"rebuilt differently: {differs}" if differs else str(fault)
            except (LookupError, ValueError, TypeError, AttributeError, RecursionError) as error:
                status, reason = Status.CRASH, f"the tracing program gave an answer that can't be read: {error!r}"
        reason = reason[:MAX_REASON_CHARACTERS]
        failure = failure or Verified(None, status, Stage.VERIFY, reason, 0.0, emitted.rung)
    if failure is None:
        return Verified(None, Status.INVALID, Stage.EMIT, "no rung of the emission ladder applies here", 0.0)
    return replace(failure, cpu_seconds=cpu_seconds, is_exact=any_exact)


def _adopted(emitted: Emitted, header: dict[str, Any], batch: int, parent: Tree) -> Tree:
    """Raises `ValueError` for counts that can't be."""
    count(header["n_parameters"])
    count(header["flops"])
    return adopt(emitted.source, CONSTRUCT, header, batch, emitted.expectation, next_nid(parent))


def next_nid(tree: Tree) -> int:
    """The first number that no node id of the tree or its ancestors has used."""
    return 1 + max(int(nid[1:]) for nid in tree.nodes)


def _fault(header: dict[str, Any], batch: int, output_shape: tuple[int, ...], n_unreached: int) -> str | None:
    """Why the rebuilt model can't do the task or can't learn, or None."""
    if tuple(header["output_shape"]) != (batch, *output_shape):
        return f"the output has shape {tuple(header['output_shape'])}, the task needs {(batch, *output_shape)}"
    if header["faults"]:
        return str(header["faults"][0])
    if len(header["unreached"]) > n_unreached:
        return f"no gradient reaches {header['unreached'][0]}"
    return None
