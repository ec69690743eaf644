"""The anatomy of a tree: which of its axes count the same units, and what starts as the identity. The parent's end."""

from typing import Any

import numpy as np
from pydantic import TypeAdapter

from archgraft.sandbox.protocol import Job, Limits, Message, Sandbox
from archgraft.tree_ops.anatomy import Anatomy
from archgraft.tree_ops.tree import Tree

DISSECT = "archgraft.evaluator.dissect:run"
_ANATOMY = TypeAdapter(Anatomy)


def anatomy_of(sandbox: Sandbox, tree: Tree, inputs: np.ndarray, seed: int, limits: Limits) -> Anatomy:
    """Run the tree's model once and follow its units; an empty anatomy, which promises little, when that fails."""
    header: dict[str, Any] = {"source": tree.source, "construct": tree.construct, "seed": seed}
    outcome = sandbox.run(Job(DISSECT, Message(header, {"inputs": inputs}), label="dissect"), limits)
    if outcome.message is None:
        return Anatomy(failure=outcome.reason)
    try:
        return _ANATOMY.validate_python(outcome.message.header.get("anatomy"))
    except ValueError as error:  # the model's own code may have answered
        return Anatomy(failure=f"the anatomy can't be read: {str(error).splitlines()[0]}")
