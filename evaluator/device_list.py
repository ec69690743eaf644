"""Lists the devices that torch can train on from inside the sandbox, where candidates will. Child program (law 1)."""

import torch

from archgraft.sandbox.protocol import Channel, Json, Message


def run(_: Channel) -> Message:
    """Entry point. The answer's header has `devices`, best first, by torch's names for them, and GPUs' `free_bytes`."""
    gpus = [f"cuda:{number}" for number in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    apple = ["mps"] if torch.backends.mps.is_available() else []
    free_bytes: dict[str, Json] = {name: torch.cuda.mem_get_info(name)[0] for name in gpus}
    return Message({"devices": [*gpus, *apple, "cpu"], "free_bytes": free_bytes})
