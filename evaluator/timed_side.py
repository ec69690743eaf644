"""One of the two models of a latency comparison, as the parent talks with it."""

from collections.abc import Sequence

import numpy as np

from archgraft.evaluator import latency
from archgraft.evaluator.devices import Device
from archgraft.evaluator.examination import check_alike
from archgraft.evaluator.turns import TurnJob
from archgraft.evaluator.untrusted import count
from archgraft.evaluator.witness import Answers
from archgraft.sandbox.protocol import Outcome


class TimedSide:
    """A child that runs `archgraft.evaluator.timed_model`. What it answers wrongly raises.

    `EndedError` where it is gone, `FailedExaminationError` for outputs that can't be right, and `KeyError`,
    `ValueError` or `TypeError` for what can't be read.
    """

    def __init__(self, job: TurnJob, inputs: np.ndarray, device: Device) -> None:
        self._job, self._inputs, self._device = job, inputs, device
        self._rows = latency.TimedRows()
        self._outcome: Outcome | None = None
        said = job.ready()
        self.n_fused = count(said["n_fused"])
        self.expected, _ = self.run([inputs])
        """Outputs of the known inputs (B, ...)."""

    def run(self, batches: Sequence[np.ndarray]) -> tuple[np.ndarray, float]:
        """Outputs of some batches of one size, and the seconds there and back."""
        joined = np.concatenate(batches)
        outputs, seconds = self._job.ask(latency.order("run", joined, len(batches[0])))
        if outputs.shape[:1] != (len(joined),):
            raise ValueError(f"outputs of shape {outputs.shape} for {len(joined)} inputs")
        return outputs, seconds

    def warm_up(self, generator: np.random.Generator) -> float:
        """Run a few batches that don't count; the seconds of the quickest."""
        batches = [latency.fresh_batch(self._inputs, generator).inputs for _ in range(latency.N_WARM_UP)]
        return min(self.run([batch])[1] for batch in batches)

    def timed(self, batches: Sequence[latency.FreshBatch]) -> float:
        """The seconds that some batches take."""
        outputs, seconds = self.run([batch.inputs for batch in batches])
        for batch, part in zip(batches, np.split(outputs, len(batches))):
            self._rows.keep(batch, part)
        return seconds

    def echo(self, batches: Sequence[latency.FreshBatch]) -> float:
        """The seconds there and back for these batches, with nothing run: the last outputs come back again."""
        joined = np.concatenate([batch.inputs for batch in batches])
        return self._job.ask(latency.order("echo", joined, len(self._inputs)))[1]

    def finish(self) -> None:
        """Check what it answered while it was timed, as far as that is known, and let it end."""
        check_alike(self.expected, self.run([self._inputs])[0])
        self._rows.check(self.expected)
        self._outcome = self._job.finish()

    def new_answers(self) -> Answers:
        """What it answered to some of the new rows that it was timed with."""
        return Answers.joined(self._rows.new)

    @property
    def outcome(self) -> Outcome:
        """What became of the child, once it was let end."""
        assert self._outcome is not None, "it is finished first"
        return self._outcome

    @property
    def waited_seconds(self) -> float:
        """How long the child was not asked for anything."""
        return self._job.waited_seconds

    @property
    def peak_memory_bytes(self) -> int:
        """Of the child's process; on a CUDA GPU what torch allocated there, by the child's own word."""
        if self._device.name.partition(":")[0] != "cuda" or self.outcome.message is None:
            return self.outcome.peak_memory_bytes
        return count(self.outcome.message.header["gpu_memory_bytes"])
