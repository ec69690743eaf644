"""How long a forward pass takes, by the parent's clock.

The parent can't see into the child, so it times the way there and back: once with a forward pass, once without (`echo`:
the same inputs go over, outputs of the same size come back). The difference is the pass. Other jobs on the machine
lengthen it: compare candidates by FLOPs where many slots are used, and latency between runs of one machine only.

Every timed batch is new, mixed from two known ones: a model that keeps its answers has none to give back. A few rows of
each are known ones: a model that does less while it is timed gets them wrong. As a model can recognise those, a few of
the new ones are asked for again in a process that has not seen any of them (evaluator/witness.py).
"""

import time
from collections.abc import Generator
from dataclasses import dataclass, field

import numpy as np

from archgraft.evaluator.examination import check_alike
from archgraft.evaluator.witness import Answers
from archgraft.sandbox.protocol import Message

N_WARM_UP = 3
N_TIMED = 20
BATCH_SIZE = 64
ROWS_PER_KNOWN = 16
"""One row in so many is a known one, and of the new ones, one in so many is asked for again."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of one forward pass of one batch."""

    p50_ms: float
    p95_ms: float
    batch_size: int


@dataclass(frozen=True, slots=True)
class FreshBatch:
    """A batch (B, ...) to be timed with: row `places[i]` of it is row `rows[i]` of the known inputs.

    The rows at `again` are new.
    """

    inputs: np.ndarray
    places: np.ndarray
    rows: np.ndarray
    again: np.ndarray


@dataclass(slots=True)
class TimedRows:
    """What came back for some rows of timed batches, to be checked once nothing is timed any more."""

    rows: list[np.ndarray] = field(default_factory=list)
    outputs: list[np.ndarray] = field(default_factory=list)
    new: list[Answers] = field(default_factory=list)

    def keep(self, batch: FreshBatch, outputs: np.ndarray) -> None:
        """Take those rows out of a batch's outputs. Raises `ValueError` when there is not one output a row."""
        if outputs.shape[:1] != (len(batch.inputs),):
            raise ValueError(f"outputs of shape {outputs.shape} for a batch of {len(batch.inputs)}")
        self.rows.append(batch.rows)
        self.outputs.append(outputs[batch.places])
        self.new.append(Answers(batch.inputs[batch.again], outputs[batch.again]))

    def check(self, expected: np.ndarray) -> None:
        """Compare the known rows with the outputs of all known inputs.

        Raises `FailedExaminationError`, `ValueError`.
        """
        if self.rows:
            check_alike(expected[np.concatenate(self.rows)], np.concatenate(self.outputs))


def measure(
    inputs: np.ndarray, generator: np.random.Generator
) -> Generator[Message, Message, tuple[Latency, np.ndarray, Answers]]:
    """A part of a dialogue: yields orders, is sent answers, returns the latency and the outputs of `inputs`.

    The last are answers that were given while it was timed, to be asked for again elsewhere. Raises
    `FailedExaminationError` when the model answered otherwise while it was timed, and `ValueError`.
    """
    for _ in range(N_WARM_UP):
        yield order("run", fresh_batch(inputs, generator).inputs)
    runs: list[float] = []
    echoes: list[float] = []
    timed = TimedRows()
    for _ in range(N_TIMED):
        batch = fresh_batch(inputs, generator)
        for do, seconds in (("run", runs), ("echo", echoes)):
            message = order(do, batch.inputs)
            started = time.perf_counter()
            answer = yield message
            seconds.append(time.perf_counter() - started)
            if do == "run":
                timed.keep(batch, answer.arrays["outputs"])
    passes = 1e3 * np.maximum(0.0, np.array(runs) - np.median(echoes))
    p50, p95 = np.percentile(passes, [50, 95])
    outputs = (yield order("run", inputs)).arrays["outputs"]
    if outputs.shape[:1] == (len(inputs),):  # else the caller tells so
        timed.check(outputs)
    return Latency(float(p50), float(p95), len(inputs)), outputs, Answers.joined(timed.new)


def order(do: str, inputs: np.ndarray, batch_size: int | None = None) -> Message:
    """What a timed child is told to do with some inputs."""
    return Message({"do": do, "batch_size": batch_size or len(inputs)}, {"inputs": inputs})


def fresh_batch(inputs: np.ndarray, generator: np.random.Generator) -> FreshBatch:
    """A batch of the size of `inputs` (B, ...) that was not seen before but for a few known rows in random places.

    Each value of the others is taken from one of two samples: of some rows half of them, of some hardly any, so that
    no line can be drawn between what is mixed and what isn't.
    """
    others = inputs[generator.permutation(len(inputs))]
    shares = generator.random((len(inputs), *(1,) * (inputs.ndim - 1))) / 2
    fresh = np.where(generator.random(inputs.shape) < shares, others, inputs)
    n_known = max(1, len(inputs) // ROWS_PER_KNOWN)
    rows = generator.choice(len(inputs), n_known, replace=False)
    places, again = np.split(generator.permutation(len(inputs))[: 2 * n_known], [n_known])
    fresh[places] = inputs[rows]
    return FreshBatch(fresh, places, rows, again)
