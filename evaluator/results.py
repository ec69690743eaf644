"""What came of a candidate: a status with its reason, and numbers with their units."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class Status(StrEnum):
    """How an attempt ended. Everything but `OK` says why in the result's `reason`; all are charged (law 7)."""

    OK = "ok"
    NO_OPTION = "no_option"
    DUPLICATE = "duplicate"
    INVALID = "invalid"
    OVER_LIMIT = "over_limit"
    CRASH = "crash"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    NONFINITE = "nonfinite"
    BATCH_LEAK = "batch_leak"
    NOT_CAUSAL = "not_causal"
    OUTRANKED = "outranked"
    """Not trained: zero-cost proxies place it among the lowest."""
    STOPPED_EARLY = "stopped_early"
    NOT_PROMOTED = "not_promoted"
    """Ran well at a lower rung; others did better there, so far."""


class Stage(StrEnum):
    """Where in the cascade a result was reached."""

    EDIT = "edit"
    EMIT = "emit"
    VERIFY = "verify"
    GATES = "gates"
    PROXIES = "proxies"
    TRAIN = "train"
    CHECKS = "checks"
    PROFILE = "profile"
    DONE = "done"


class Passage(StrEnum):
    """How a candidate left a stage of the cascade."""

    PASSED = "passed"
    REJECTED = "rejected"
    LET_THROUGH = "let_through"
    """It would have been rejected; by chance it was not, so that the stage's errors are known."""


@dataclass(frozen=True, slots=True)
class StageRecord:
    """What one stage of the cascade said of a candidate, and what it cost, by the parent's clock."""

    stage: Stage
    passage: Passage
    wall_seconds: float
    reason: str = ""
    """Empty when it passed."""


def joined(passages: Iterable[Sequence[StageRecord]]) -> tuple[StageRecord, ...]:
    """Several ways through the cascade (second tries, other seeds) as one: seconds add up, the last word counts.

    A stage that a candidate was once let through stays so, unless a later pass is rejected there.
    """
    found: dict[Stage, StageRecord] = {}
    for record in (record for records in passages for record in records):
        earlier = found.get(record.stage)
        if earlier is None:
            found[record.stage] = record
            continue
        word = earlier if (earlier.passage, record.passage) == (Passage.LET_THROUGH, Passage.PASSED) else record
        found[record.stage] = replace(word, wall_seconds=earlier.wall_seconds + record.wall_seconds)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Metrics:
    """Measured numbers. `score` is the task's metric on the split named by the result, as the task defines it."""

    score: float
    train_loss: float
    """The trained model's, in eval mode, over the first training samples (at most 2,000)."""
    n_parameters: int
    flops: int
    """Of one sample, forward pass, by torch's own counter."""
    latency_ms: float
    """Median forward pass of one batch of `latency_batch` samples."""
    latency_ms_p95: float
    latency_batch: int
    peak_memory_bytes: int
    """Of the child's process, beyond what every child starts with; seen from the parent."""
    peak_gpu_memory_bytes: int | None = None
    """What torch allocated on the GPU at most, while training included; none but on a CUDA GPU."""
    learning_rate: float | None = None
    """The peak that the model was trained with; none when weights were given or the user's own function trained."""

    @property
    def samples_per_second(self) -> float | None:
        """Throughput of forward passes at that batch size; none where a pass is too short for the clock."""
        return 1e3 * self.latency_batch / self.latency_ms if self.latency_ms > 0 else None


@dataclass(frozen=True, slots=True)
class Rescue:
    """A first try that failed, and what was changed in the recipe for the second."""

    status: Status
    reason: str
    changes: Mapping[str, int | float | str]


@dataclass(frozen=True, slots=True)
class Result:
    """One evaluation of one candidate with one seed."""

    status: Status
    stage: Stage
    reason: str
    """Empty when the status is `OK`."""
    seed: int
    split: str
    """`validation` or `test`."""
    metrics: Metrics | None
    wall_seconds: float
    tier: str
    n_seeds: int = 1
    """How many trainings, from `seed` on, the score is the mean of. All else in `metrics` is the first one's."""
    rescues: tuple[Rescue, ...] = ()
    """Tries before the one that this is the result of, over all seeds; the score is one of a changed recipe then."""
    stages: tuple[StageRecord, ...] = ()
    """The stages of the cascade that were entered, in order, over all tries and seeds."""
    rung: int = 0
    """The level of training effort, from 0; the highest is the whole recipe."""
    inherited_epochs: int = 0
    """Epochs that the weights it began with had been trained for already, over all generations; 0 from scratch."""

    @property
    def ok(self) -> bool:
        """Whether the candidate has a score."""
        return self.status is Status.OK

    @property
    def from_scratch(self) -> bool:
        """Whether the training began with the constructor's own weights: what every claim rests on."""
        return self.inherited_epochs == 0
