"""An attack as a sandbox job. Header: `attack`, `target`. The answer's array `loot` is what the attack gave back."""

import importlib
from typing import Any

import numpy as np

from archgraft.sandbox.protocol import Channel, Message
from tests.sandbox.escape.target import Target


def run(channel: Channel) -> Message:
    """Entry point."""
    header: Any = channel.request.header
    module = importlib.import_module(f"tests.sandbox.attacks.{header['attack']}")
    loot: bytes = module.attack(Target(**header["target"]))
    return Message({}, {"loot": np.frombuffer(loot, np.uint8)})
