"""Lists the devices that torch can train on from inside the sandbox, where candidates will. Child program (law 1)."""

import torch

from archgraft.sandbox.protocol import Channel, Message


def run(_: Channel) -> Message:
    """Entry point. The answer's header has `devices`, best first, each by torch's name for it."""
    gpus = [f"cuda:{number}" for number in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    apple = ["mps"] if torch.backends.mps.is_available() else []
    return Message({"devices": [*gpus, *apple, "cpu"]})
