"""Gives a child the weights it inherits: the parent's end."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from archgraft.evaluator.evaluate import Arrays
from archgraft.evaluator.results import Status
from archgraft.evaluator.verdicts import status_of
from archgraft.sandbox.protocol import Job, Limits, Message, Sandbox
from archgraft.tree_ops.lineage import Lineage
from archgraft.tree_ops.tree import Tree

INHERIT = "archgraft.evaluator.inherit:run"


@dataclass(frozen=True, slots=True)
class Inherited:
    """The state that a child begins with, for `evaluate`'s `weights`; or why there is none."""

    weights: Arrays | None
    status: Status
    reason: str
    cpu_seconds: float


def inherited(sandbox: Sandbox, child: Tree, lineage: Lineage, weights: Arrays, seed: int, limits: Limits) -> Inherited:
    """Build a child in the sandbox and fill it from its parent's `weights`, as `Evaluation.weights` gave them.

    `seed` initialises what is new. Raises `SandboxError` only.
    """
    header: dict[str, Any] = {
        "source": child.source,
        "construct": child.construct,
        "seed": seed,
        "lineage": lineage.as_json(),
    }
    arrays = {f"weights/{name}": np.asarray(array) for name, array in weights.items()}
    outcome = sandbox.run(Job(INHERIT, Message(header, arrays), label="inherit"), limits)
    given = None if outcome.message is None else dict(outcome.message.arrays)
    return Inherited(given, status_of(outcome), outcome.reason, outcome.cpu_seconds)
