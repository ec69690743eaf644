"""How long a forward pass takes, by the parent's clock.

The parent can't see into the child, so it times the way there and back: once with a forward pass, once without (`echo`:
the same inputs go over, outputs of the same size come back). The difference is the pass. Other jobs on the machine
lengthen it: compare candidates by FLOPs where many slots are used, and latency between runs of one machine only.

Every timed batch is new, mixed from two known ones: a model that keeps its answers has none to give back.
"""

import time
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from archgraft.sandbox.protocol import Message

N_WARM_UP = 3
N_TIMED = 20
BATCH_SIZE = 64


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of one forward pass of one batch."""

    p50_ms: float
    p95_ms: float
    batch_size: int


def measure(
    inputs: np.ndarray, generator: np.random.Generator
) -> Generator[Message, Message, tuple[Latency, np.ndarray]]:
    """A part of a dialogue: yields orders, is sent answers, returns the latency and the outputs of `inputs`."""
    for _ in range(N_WARM_UP):
        yield _order("run", mixed(inputs, generator))
    runs: list[float] = []
    echoes: list[float] = []
    for _ in range(N_TIMED):
        fresh = mixed(inputs, generator)
        for do, seconds in (("run", runs), ("echo", echoes)):
            order = _order(do, fresh)
            started = time.perf_counter()
            yield order
            seconds.append(time.perf_counter() - started)
    passes = 1e3 * np.maximum(0.0, np.array(runs) - np.median(echoes))
    p50, p95 = np.percentile(passes, [50, 95])
    answer = yield _order("run", inputs)
    return Latency(float(p50), float(p95), len(inputs)), answer.arrays["outputs"]


def _order(do: str, inputs: np.ndarray) -> Message:
    return Message({"do": do, "batch_size": len(inputs)}, {"inputs": inputs})


def mixed(inputs: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A batch (B, ...) that was not seen before, each value taken from one of two samples."""
    others = inputs[generator.permutation(len(inputs))]
    return np.where(generator.random(inputs.shape) < 0.5, inputs, others)
