"""Runs two models in turn, for the parent to time. Child program (law 1).

Request header: `models` (by name: `source` and `construct`), `seed`, `device`. Says that it is ready, then obeys: `do`
names a model to run on array `inputs` in batches of `batch_size`, or is `echo` (the last outputs again, nothing run) or
`finish`. Both models live in this one process, so that what slows the machine slows both.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from archgraft.evaluator.loading import build, load_module
from archgraft.evaluator.train import forward, made_ready
from archgraft.sandbox.protocol import Channel, Message


def run(channel: Channel) -> Message:
    """Entry point."""
    header: Mapping[str, Any] = channel.request.header
    device = made_ready(**header["device"])
    models = {}
    for name, written in header["models"].items():
        module = load_module(written["source"], f"archgraft_{name}")
        models[name] = build(module, written["construct"], int(header["seed"])).to(device).eval()
    answer = Message({"phase": "ready"})
    outputs = np.zeros(0, np.float32)
    while (order := channel.ask(answer)).header["do"] != "finish":
        if (model := models.get(str(order.header["do"]))) is not None:
            inputs = torch.from_numpy(np.array(order.arrays["inputs"]))
            outputs = forward(model, inputs, int(str(order.header["batch_size"])))
        answer = Message({"phase": "outputs"}, {"outputs": outputs})
    return Message()
