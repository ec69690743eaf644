"""Finds out what keeps a model's function when it grows. Child program (law 1).

Request header: `source`, `construct`, `seed`; array `inputs` (one small batch, batch axis first). Answer header:
`anatomy`, see `archgraft.tree_ops.anatomy.Anatomy`.
"""

from dataclasses import asdict

import numpy as np
import torch

from archgraft.evaluator.group_starts import group_starts
from archgraft.evaluator.identity_starts import identity_starts
from archgraft.evaluator.loading import build, load_module
from archgraft.evaluator.unit_flow import unit_groups
from archgraft.sandbox.protocol import Channel, Message
from archgraft.tree_ops.anatomy import Anatomy


def run(channel: Channel) -> Message:
    """Entry point."""
    header = channel.request.header
    model = build(load_module(str(header["source"])), str(header["construct"]), int(str(header["seed"]))).double()
    inputs = torch.from_numpy(np.array(channel.request.arrays["inputs"]))
    if inputs.is_floating_point():
        inputs = inputs.double()
    groups = unit_groups(model, inputs)
    starts = (*identity_starts(model, inputs), *group_starts(model, inputs))
    anatomy = Anatomy(tuple(groups), starts)
    return Message({"anatomy": asdict(anatomy)})
