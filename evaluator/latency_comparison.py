"""How fast a model is beside another: each in a process of its own, timed in turn by the parent's clock.

A ratio of times measured minutes apart is mostly the machine's mood. Here each round runs both models on the same new
batches, in random order, so that a slow moment slows both; the median over rounds of the ratio is told with an interval
that assumes nothing of the noise. While one model works the other's process waits (evaluator/turns.py), and can't reach
into it: docs/decisions/0025-two-processes-in-turn.md has the figures. Rounds with the rootstock alone, before and
after, tell whether the candidate left it in peace (evaluator/paces.py).
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from archgraft.evaluator import latency
from archgraft.evaluator.devices import CPU, Device
from archgraft.evaluator.energy import joules_so_far, used
from archgraft.evaluator.evaluate import Arrays, CandidateSource
from archgraft.evaluator.examination import FailedExaminationError, differ
from archgraft.evaluator.paces import LatencyComparison, Rounds, UntimedError, compared
from archgraft.evaluator.timed_side import TimedSide
from archgraft.evaluator.turns import EndedError, Turns
from archgraft.evaluator.variants import Variant
from archgraft.evaluator.witness import Answers
from archgraft.sandbox.protocol import Job, Limits, Message, Sandbox, SandboxError

TIMED_ENTRY = "archgraft.evaluator.timed_model:run"
MAX_MESSAGE_BYTES = 2**22
"""Of one order or answer: a model with large ones runs fewer batches at a time."""
N_ASKED_AGAIN = 64
"""Timed rows to which the candidate is asked for its outputs once more, in another process."""
CANDIDATE, ROOTSTOCK = "candidate", "rootstock"


@dataclass(frozen=True, slots=True)
class Effort:
    """How long a comparison is made."""

    n_rounds: int = 30
    n_alone: int = 10
    """Rounds of the rootstock alone, before, and as many after; with fewer than six they say nothing."""
    round_seconds: float = 0.02
    """How long the rootstock should run in a round at least, in several batches: far above the clock's grain."""

    @classmethod
    def of(cls, n_rounds: int) -> "Effort":
        """With so many rounds, and a third as many of the rootstock alone, but six at least."""
        return cls(n_rounds, max(6, n_rounds // 3))


FULL_EFFORT = Effort()


@dataclass(frozen=True, slots=True)
class TimedModel:
    """A model to time: as it is built, or with trained weights."""

    source: CandidateSource
    weights: Arrays = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of it: a comparison for each variant that could be timed; `reason` says why the others could not."""

    comparisons: tuple[LatencyComparison, ...]
    reason: str
    wall_seconds: float
    cpu_seconds: float


def compare_latency(
    sandbox: Sandbox,
    candidate: TimedModel,
    rootstock: TimedModel,
    inputs: np.ndarray,
    *,
    limits: Limits,
    seed: int = 0,
    device: Device = CPU,
    variants: Sequence[Variant] = (Variant.AS_IS, Variant.FUSED),
    effort: Effort = FULL_EFFORT,
    compiler: str = "inductor",
) -> Compared:
    """Time both on batches like `inputs` (N, ...), once for each variant. Raises `SandboxError`.

    `compiler` is a backend of `torch.compile`, for the variant that is compiled.
    """
    started = time.perf_counter()
    models = {CANDIDATE: candidate, ROOTSTOCK: rootstock}
    timing = _Timing(sandbox, models, inputs[: latency.BATCH_SIZE], limits, seed, device, effort, compiler)
    comparisons, reasons = [], []
    for variant in variants:
        try:
            comparison, reason = timing.compare(variant)
        except SandboxError as error:
            if variant is not Variant.COMPILED:
                raise
            comparison, reason = None, str(error)  # not every machine can let a compiler be started safely
        if comparison is not None:
            comparisons.append(comparison)
        else:
            reasons.append(f"{variant.words}: {reason}")
    return Compared(tuple(comparisons), "; ".join(reasons), time.perf_counter() - started, timing.cpu_seconds)


class _Timing:
    """What the parent asks of the two children, variant by variant."""

    def __init__(
        self,
        sandbox: Sandbox,
        models: Mapping[str, TimedModel],
        inputs: np.ndarray,
        limits: Limits,
        seed: int,
        device: Device,
        effort: Effort,
        compiler: str,
    ) -> None:
        self.cpu_seconds = 0.0
        self._sandbox, self._models, self._inputs, self._effort = sandbox, models, inputs, effort
        self._generator = np.random.default_rng(seed)
        self._device = device
        self._header = {"seed": seed, "device": asdict(device), "compiler": compiler}
        n_messages = 2 * (effort.n_rounds + 2 * effort.n_alone + latency.N_WARM_UP)
        room = limits.output_bytes + n_messages * MAX_MESSAGE_BYTES
        # Each waits while the other works, and its time limit goes on.
        self._limits = replace(limits, wall_seconds=2 * limits.wall_seconds, output_bytes=room)
        self._as_is: dict[str, np.ndarray] = {}
        """What each model answers as it is, once that was heard."""

    def compare(self, variant: Variant) -> tuple[LatencyComparison | None, str]:
        """One comparison, or why there is none."""
        reason = ""
        with Turns(self._sandbox, len(self._models)) as turns:
            try:
                return self._compared(turns, variant), ""
            except EndedError:
                reason = next((o.reason for o in turns.outcomes() if o.reason), "the program ended before it was timed")
            except (FailedExaminationError, UntimedError) as failure:
                reason = str(failure)
            except (KeyError, ValueError, TypeError) as error:
                reason = f"the timed program gave an answer that can't be read: {error!r}"
            finally:
                self.cpu_seconds += sum(outcome.cpu_seconds for outcome in turns.outcomes())
        return None, reason

    def _compared(self, turns: Turns, variant: Variant) -> LatencyComparison:
        rootstock = self._start(turns, ROOTSTOCK, variant)
        rounds = Rounds(self._n_batches(rootstock), len(self._inputs))
        self._alone(rootstock, rounds, rounds.alone_before)
        candidate = self._start(turns, CANDIDATE, variant)
        if variant is Variant.FUSED and not rootstock.n_fused and not candidate.n_fused:
            raise UntimedError("neither model has anything to fold")
        candidate.warm_up(self._generator)
        self._beside(candidate, rootstock, rounds)
        candidate.finish()
        self._alone(rootstock, rounds, rounds.alone_after)
        rootstock.finish()
        self._ask_again(turns, candidate.new_answers().some(N_ASKED_AGAIN, self._generator))
        return compared(variant, rounds, candidate, rootstock)

    def _start(self, turns: Turns, name: str, variant: Variant) -> TimedSide:
        side = self._side(turns, name, variant, self._inputs)
        if differ(self._as_is.setdefault(name, side.expected), side.expected):
            raise UntimedError(f"the {name} gives other outputs when {variant.words}")
        return side

    def _side(self, turns: Turns, name: str, variant: Variant, inputs: np.ndarray) -> TimedSide:
        model = self._models[name]
        header = {**self._header, **asdict(model.source), "variant": variant.value}
        arrays = {"inputs": inputs} | {f"weights/{key}": array for key, array in model.weights.items()}
        label, compiles = f"latency of the {name}, {variant.words}", variant is Variant.COMPILED
        job = Job(TIMED_ENTRY, Message(header, arrays), label=label, compiles=compiles)
        return TimedSide(turns.start(job, self._limits), inputs, self._device)

    def _ask_again(self, turns: Turns, answers: Answers) -> None:
        """Whether the candidate answers as it did while it was timed, where it sees these samples first."""
        untimed = self._side(turns, CANDIDATE, Variant.AS_IS, answers.inputs)
        if differ(answers.outputs, untimed.expected):
            raise UntimedError("the candidate gave other outputs while it was timed")
        untimed.finish()

    def _n_batches(self, rootstock: TimedSide) -> int:
        """How many batches a round has."""
        n_due = np.ceil(self._effort.round_seconds / rootstock.warm_up(self._generator))
        n_fitting = MAX_MESSAGE_BYTES // max(1, self._inputs.nbytes, rootstock.expected.nbytes)
        return int(max(1, min(n_due, n_fitting)))

    def _alone(self, rootstock: TimedSide, rounds: Rounds, seconds: list[float]) -> None:
        for _ in range(self._effort.n_alone):
            batches = self._fresh(rounds)
            seconds.append(rootstock.timed(batches))
            rounds.echoes.append(rootstock.echo(batches))

    def _beside(self, candidate: TimedSide, rootstock: TimedSide, rounds: Rounds) -> None:
        for _ in range(self._effort.n_rounds):
            batches = self._fresh(rounds)
            sides = [(candidate, rounds.candidate), (rootstock, rounds.rootstock)]
            for number in self._generator.permutation(len(sides)):
                side, taken = sides[number]
                before = joules_so_far()
                taken.seconds.append(side.timed(batches))
                taken.joules.append(used(before, joules_so_far()))
            rounds.echoes.append(rootstock.echo(batches))

    def _fresh(self, rounds: Rounds) -> list[latency.FreshBatch]:
        return [latency.fresh_batch(self._inputs, self._generator) for _ in range(rounds.n_batches)]
