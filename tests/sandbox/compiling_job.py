"""A job that compiles a small network, as a profile of latency would."""

import os
from pathlib import Path

from archgraft.sandbox.protocol import Channel, Message


def run(channel: Channel) -> Message:
    """Entry point: the outputs of the network as it is and compiled, and how many libraries that has made."""
    import torch
    from torch._inductor import config

    config.compile_threads = 1
    config.cpp_cache_precompile_headers = False  # they take longer than all else
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.GELU(), torch.nn.Flatten(), torch.nn.Linear(256, 10)
    ).eval()
    images = torch.randn(4, 1, 8, 8)
    with torch.no_grad():
        plain, compiled = network(images), torch.compile(network)(images)
    n_libraries = len(list(Path(os.environ["TMPDIR"]).rglob("*.so")))
    return Message({"n_libraries": n_libraries}, {"plain": plain.numpy(), "compiled": compiled.numpy()})
