"""Whether two models are one: by the hash of their trees, or by their modules and what they compute."""

import re
from typing import Any

import numpy as np

from archgraft.agent.refactoring.verification import EFFECT, EXACT
from archgraft.sandbox.protocol import Job, Limits, Message, Sandbox
from archgraft.tree_ops.tree import Node, Tree
from archgraft.tree_ops.tree_difference import differences


def fault(wanted: Tree, found: Tree, inputs: np.ndarray, sandbox: Sandbox) -> str | None:
    """In what the model that was found is not the one that was wanted; None when it is.

    A constructor that sets modules deep inside others may be hashed with its text. Then the models are the same when
    they hold the same modules, built and called alike, under the same state-dict keys, and with the same weights give
    the same outputs, in eval and in train mode.
    """
    by_hash = next(iter(differences(wanted, found)), None)
    if by_hash is None:
        return None
    here, there = ({node.path: _facts(node) for node in tree if not node.opaque} for tree in (found, wanted))
    odd = next((path for path in (*there, *here) if here.get(path) != there.get(path)), None)
    if odd is not None:
        return by_hash
    request: dict[str, Any] = {
        "old": wanted.source,
        "new": found.source,
        "construct": wanted.construct,
        "seed": 0,
        "swapped": [],
    }
    job = Job(EFFECT, Message(request, {"inputs": inputs}), label="compare with the search's model")
    outcome = sandbox.run(job, Limits())
    if outcome.message is None:
        return f"{by_hash}; and the two can't be compared by running them: {outcome.reason}"
    header: Any = outcome.message.header
    if any(entry["how"] != "kept" for entry in header["keys"]) or float(header["relative"]) > EXACT:
        return f"{by_hash}; its outputs differ by {float(header['relative']):.2g} with the same weights"
    return None


def _facts(node: Node) -> tuple[Any, ...]:
    """What a module is and does, whatever its class is called where it met another of its name."""
    arguments = tuple((one.name, one.kind, one.text if one.kind == "literal" else "") for one in node.arguments)
    tensors = tuple((one.name, one.shape, one.dtype, one.kind, one.tied_to, one.is_frozen) for one in node.tensors)
    joins = tuple((join.operator, join.axis) for join in node.joins)
    return re.sub(r"_?\d+$", "", node.class_name), arguments, tensors, joins, node.n_calls, node.call_order
