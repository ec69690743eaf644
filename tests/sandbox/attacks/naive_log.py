"""Writes to the log what the parent takes for the result of a good run."""

import json
import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN
NAIVE_PARENT = "log"


def attack(target: Target) -> bytes:
    print(json.dumps({"score": 1.0, "status": "ok"}), flush=True)
    os._exit(0)
