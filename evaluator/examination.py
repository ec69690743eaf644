"""What a trained model is asked, and how its outputs are marked: black-box checks from the parent (law 5).

The rows to be scored are mixed with repeats and, for causal tasks, with rows whose end was exchanged, and the whole is
shuffled: the child can't tell which is which. A repeat must give the same output beside other neighbours; a changed end
must not change the outputs before it.
"""

from dataclasses import dataclass

import numpy as np

from archgraft.evaluator.results import Status

N_REPEATS = 64
N_PERTURBED = 64
MIN_BATCHES = 4
MAX_BATCH_SIZE = 256
TOLERANCE = 1e-3
"""Relative to the largest output: well above float32's rounding in a deep model, below what could move a score."""


class FailedExaminationError(Exception):
    """The model's outputs can't count. Carries the status and the reason."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


@dataclass(frozen=True)
class Examination:
    """Inputs to send, and what is known of them. Make it with `prepare`."""

    inputs: np.ndarray
    """(M, ...) shuffled."""
    places: np.ndarray
    """(M,) where row i of [rows, repeats, perturbed] stands among the inputs."""
    n_rows: int
    repeated: np.ndarray
    """(R,) the row each repeat repeats."""
    perturbed: np.ndarray
    """(P,) the row each perturbed copy was made of."""
    cuts: np.ndarray
    """(P,) the first position that was changed."""

    @property
    def batch_size(self) -> int:
        """Small enough for several batches, or a repeat would have the neighbours of its original."""
        return max(1, min(MAX_BATCH_SIZE, len(self.inputs) // MIN_BATCHES))

    def mark(self, outputs: np.ndarray, output_shape: tuple[int, ...]) -> np.ndarray:
        """The outputs (n_rows, *output_shape) in the rows' own order. Raises `FailedExaminationError`."""
        due = (len(self.inputs), *output_shape)
        if outputs.shape != due or outputs.dtype != np.float32:
            raise FailedExaminationError(
                Status.INVALID, f"gives {outputs.dtype} outputs of shape {outputs.shape} where float32 {due} was due"
            )
        if not np.isfinite(outputs).all():
            n_bad = int(outputs.size - np.isfinite(outputs).sum())
            raise FailedExaminationError(Status.NONFINITE, f"{n_bad} of {outputs.size} outputs are NaN or infinite")
        ordered = outputs[self.places]
        rows, repeats, perturbed = np.split(ordered, [self.n_rows, self.n_rows + len(self.repeated)])
        check_alike(rows[self.repeated], repeats)
        for row, changed, cut in zip(self.perturbed, perturbed, self.cuts):
            if differ(rows[row, :cut], changed[:cut]):
                reason = (
                    f"an output before position {cut} changed when only inputs from position {cut} on were exchanged"
                )
                raise FailedExaminationError(Status.NOT_CAUSAL, reason)
        return rows


def prepare(inputs: np.ndarray, causal: bool, generator: np.random.Generator) -> Examination:
    """An examination over the rows of `inputs` (N, ...); causal positions are the last axis."""
    n_rows = len(inputs)
    repeated = generator.choice(n_rows, size=min(N_REPEATS, n_rows), replace=False)
    perturbed = np.zeros(0, np.int64)
    cuts = np.zeros(0, np.int64)
    copies = inputs[:0]
    if causal and inputs.shape[-1] > 1:
        perturbed = generator.choice(n_rows, size=min(N_PERTURBED, n_rows), replace=False)
        cuts = generator.integers(1, inputs.shape[-1], size=len(perturbed))
        copies = np.stack([_exchanged(inputs, int(row), int(cut), generator) for row, cut in zip(perturbed, cuts)])
    everything = np.concatenate([inputs, inputs[repeated], copies])
    order = generator.permutation(len(everything))
    return Examination(everything[order], np.argsort(order), n_rows, repeated, perturbed, cuts)


def _exchanged(inputs: np.ndarray, row: int, cut: int, generator: np.random.Generator) -> np.ndarray:
    """A copy of a row that ends, from position `cut` on, as some other row does: it looks like the others."""
    copy = np.array(inputs[row])
    copy[..., cut:] = inputs[generator.integers(len(inputs)), ..., cut:]
    return copy


def check_alike(expected: np.ndarray, found: np.ndarray) -> None:
    """Raises `FailedExaminationError` when the same samples gave other outputs beside other neighbours."""
    if differ(expected, found):
        worst = float(np.abs(expected - found).max())
        reason = f"the same sample gives other outputs in another batch (difference {worst:.3g})"
        raise FailedExaminationError(Status.BATCH_LEAK, reason)


def differ(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two outputs differ by more than rounding. What is no number differs from everything."""
    if not first.size:
        return False
    scale = max(float(np.abs(first).max()), 1e-6)
    return not bool((np.abs(first - second) <= TOLERANCE * scale).all())
