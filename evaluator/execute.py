"""Whether a mined source executes and defines its class. Child program (law 1).

Request header: `source`, `class_name`. Answer header: `is_module`. What the source raises ends the job.
"""

from torch import nn

from archgraft.evaluator.loading import load_module
from archgraft.sandbox.protocol import Channel, Message


def run(channel: Channel) -> Message:
    """Execute the source and look the class up. Raises whatever the source raises."""
    header = channel.request.header
    module = load_module(str(header["source"]))
    found = getattr(module, str(header["class_name"]))
    return Message({"is_module": isinstance(found, type) and issubclass(found, nn.Module)})
