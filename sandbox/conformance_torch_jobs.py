"""Child programs of the conformance suite that need torch: it takes seconds to import where it isn't there yet."""

# ruff: noqa: ARG001, D103 - the names of these programs say what they do; all take a channel, few need it

import random  # noqa: TID251 - looks whether the sandbox has set its state

import numpy as np
import torch

from archgraft.sandbox.protocol import Channel, Json, Message

state: dict[str, int] = {}


def draw_and_count(channel: Channel) -> Message:
    """Draws from every global generator; says how often it ran in this process."""
    state["n_runs"] = state.get("n_runs", 0) + 1
    drawn: list[Json] = [random.random(), float(np.random.rand()), float(torch.rand(())), hash("text")]
    return Message({"drawn": drawn, "n_runs": state["n_runs"]})


def count_threads(channel: Channel) -> Message:
    torch.ones(512, 512) @ torch.ones(512, 512)  # would hang if the zygote had computed
    return Message({"n_threads": torch.get_num_threads()})


def train(channel: Channel) -> Message:
    """Ten steps of AdamW on matrices that are large enough for several threads."""
    torch.manual_seed(0)
    layer = torch.nn.Linear(256, 256)
    optimizer = torch.optim.AdamW(layer.parameters())
    losses: list[Json] = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = layer(torch.ones(256, 256)).square().mean()
        torch.autograd.backward(loss)
        optimizer.step()
        losses.append(float(loss))
    return Message({"losses": losses})
