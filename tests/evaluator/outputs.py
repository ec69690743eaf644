"""Child program for tests: what a model gives in eval mode."""

import numpy as np
import torch

from archgraft.evaluator.loading import build, load_module
from archgraft.sandbox.protocol import Channel, Message


def run(channel: Channel) -> Message:
    """Build the model of the request and run its inputs."""
    header = channel.request.header
    model = build(load_module(str(header["source"])), str(header["construct"]), 0).eval()
    with torch.no_grad():
        outputs = model(torch.from_numpy(np.array(channel.request.arrays["inputs"])))
    return Message({}, {"outputs": outputs.numpy()})
