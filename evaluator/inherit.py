"""Builds a child and gives it the state that its lineage says. Child program (law 1).

Request header: `source`, `construct`, `seed`, `lineage`; arrays `weights/NAME`, the parent's state. Answer: the child's
whole state as arrays, as `load_state_dict` wants it.
"""

from collections.abc import Mapping

import numpy as np
import torch
from pydantic import TypeAdapter
from torch import nn

from archgraft.evaluator.loading import build, load_module
from archgraft.evaluator.train import WEIGHTS, state_of
from archgraft.evaluator.transfer import transferred
from archgraft.sandbox.protocol import Channel, Message
from archgraft.tree_ops.lineage import Lineage

LINEAGE = TypeAdapter(Lineage)


def run(channel: Channel) -> Message:
    """Entry point."""
    header = channel.request.header
    model = build(load_module(str(header["source"])), str(header["construct"]), int(str(header["seed"])))
    weights = {name.removeprefix(WEIGHTS): array for name, array in channel.request.arrays.items()}
    inherit(model, LINEAGE.validate_python(header["lineage"]), weights)
    return Message({}, state_of(model))


def inherit(model: nn.Module, lineage: Lineage, parent: Mapping[str, np.ndarray]) -> None:
    """Load into a freshly built child what it inherits from the parent's state.

    A module that stands in several slots has its tensors in the state once for each: all get the same, or the last,
    which no plan names, would win.
    """
    state = transferred(lineage, parent, state_of(model))
    held = model.state_dict(keep_vars=True)
    planned = {id(held[plan.name]): plan.name for plan in lineage.tensors}
    state |= {name: state[planned[id(tensor)]] for name, tensor in held.items() if id(tensor) in planned}
    model.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in state.items()})
