"""Checks by numbers that an exact edit kept the function: outputs and gradients of both. The parent's end."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from archgraft.evaluator.difference import Difference
from archgraft.evaluator.evaluate import Arrays
from archgraft.evaluator.results import Status
from archgraft.evaluator.verdicts import status_of
from archgraft.sandbox.protocol import Job, Limits, Message, Sandbox
from archgraft.tree_ops.lineage import Lineage
from archgraft.tree_ops.tree import Tree

COMPARE = "archgraft.evaluator.compare:run"
BOUNDS: Mapping[str, float] = {"float32": 1e-5, "float64": 1e-12}
"""Largest difference that counts as the same function, relative to the parent's largest value.

Outputs must keep it in both precisions. Gradients must in float64: in float32, rounding alone moves those of deep
networks with batch normalisation by up to 1e-3, so there they are told and not judged.
"""


@dataclass(frozen=True, slots=True)
class Exactness:
    """What the check found; no differences, and a reason, when one of the models did not run."""

    differences: tuple[Difference, ...]
    status: Status
    reason: str

    @property
    def holds(self) -> bool:
        """Whether all that is judged is within `BOUNDS`; NaN is not."""
        judged = [d for d in self.differences if d.what == "outputs" or d.dtype == "float64"]
        return bool(judged) and all(d.relative <= BOUNDS[d.dtype] for d in judged)

    def worst(self, dtype: str, what: str = "") -> float:
        """The largest relative difference in one precision, of one thing or of all; NaN when nothing was compared."""
        found = [d.relative for d in self.differences if d.dtype == dtype and d.what.startswith(what)]
        return max(found, default=math.nan)


def exactness(
    sandbox: Sandbox,
    parent: Tree,
    child: Tree,
    lineage: Lineage,
    inputs: np.ndarray,
    seed: int,
    limits: Limits,
    weights: Arrays | None = None,
) -> Exactness:
    """Build both models, transfer, and compare them on a batch, in float32 and float64, in eval and train mode.

    `weights` are the parent's; without them it gets numbers of its own. Raises `SandboxError` only.
    """
    header: dict[str, Any] = {
        "parent": {"source": parent.source, "construct": parent.construct},
        "child": {"source": child.source, "construct": child.construct},
        "lineage": lineage.as_json(),
        "seed": seed,
    }
    arrays = {"inputs": inputs} | {f"weights/{name}": array for name, array in (weights or {}).items()}
    outcome = sandbox.run(Job(COMPARE, Message(header, arrays), label="compare functions"), limits)
    if outcome.message is None:
        return Exactness((), status_of(outcome), outcome.reason)
    said: Any = outcome.message.header["differences"]
    return Exactness(tuple(Difference(**one) for one in said), Status.OK, "")
