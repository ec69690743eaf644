"""How fast a model is beside another: both in one process, timed in turn by the parent's clock.

A ratio of times measured minutes apart is mostly the machine's mood. Here each round runs both models on the same new
batches, in random order, so that a slow moment slows both; the median over rounds of the ratio is told with an interval
that assumes nothing of the noise (order statistics: Conover 1999, "Practical Nonparametric Statistics", section 3.2).

One process means that a hostile candidate could slow the other model down. So the rootstock is compared with itself,
too: its time beside a candidate should be the same as beside itself, and that comparison's interval should hold 1.
"""

import math
import time
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from archgraft.evaluator import latency
from archgraft.evaluator.devices import CPU, Device
from archgraft.evaluator.energy import Joules, joules_so_far, used
from archgraft.evaluator.evaluate import FINISH, CandidateSource
from archgraft.evaluator.examination import FailedExaminationError, check_alike
from archgraft.sandbox.protocol import Job, Limits, Message, Outcome, Sandbox

PAIR_ENTRY = "archgraft.evaluator.latency_pair:run"
NAMES = ("candidate", "rootstock")
N_ROUNDS = 30
ROUND_SECONDS = 0.02
"""How long each model should run in a round at least, by running several batches: far above the clock's grain."""
MAX_BATCHES = 32
MAX_OUTPUT_BYTES = 2**22
"""Of one answer: a model with large outputs runs fewer batches at a time."""


@dataclass(frozen=True, slots=True)
class LatencyComparison:
    """A model's forward pass beside the rootstock's. `ratio` below 1 means faster; `low` and `high` are at 95 %."""

    candidate: latency.Latency
    rootstock: latency.Latency
    ratio: float
    low: float
    high: float
    n_rounds: int
    candidate_joules: float | None
    """The processor's energy for one batch; none without a sensor."""
    rootstock_joules: float | None


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of it. Without a comparison, `reason` says why."""

    comparison: LatencyComparison | None
    reason: str
    wall_seconds: float
    cpu_seconds: float


def compare_latency(
    sandbox: Sandbox,
    candidate: CandidateSource,
    rootstock: CandidateSource,
    inputs: np.ndarray,
    *,
    limits: Limits,
    seed: int = 0,
    device: Device = CPU,
) -> Compared:
    """Time both on batches like `inputs` (N, ...). Raises `SandboxError`."""
    models = {name: asdict(source) for name, source in zip(NAMES, (candidate, rootstock))}
    header: dict[str, Any] = {"models": models, "seed": seed, "device": asdict(device)}
    timing = Timing(inputs[: latency.BATCH_SIZE], np.random.default_rng(seed))
    roomy = replace(limits, output_bytes=limits.output_bytes + 5 * N_ROUNDS * MAX_OUTPUT_BYTES)
    outcome: Outcome = sandbox.run(Job(PAIR_ENTRY, Message(header), label="latency"), roomy, timing.respond)
    found = timing.comparison if outcome.message is not None else None
    reason = "" if found else timing.failure or outcome.reason or "the program ended before it was timed"
    return Compared(found, reason, outcome.wall_seconds, outcome.cpu_seconds)


class Timing:
    """What the parent asks of the child, and what its clock says. For one job."""

    def __init__(self, inputs: np.ndarray, generator: np.random.Generator, joules: Joules = joules_so_far) -> None:
        self.inputs = inputs
        self.generator = generator
        self.joules = joules
        self.failure = ""
        self.comparison: LatencyComparison | None = None
        self._script = self._talk()
        next(self._script)

    def respond(self, message: Message) -> Message:
        """The next order; what the child says wrongly ends the talk."""
        try:
            return self._script.send(message)
        except StopIteration:
            return FINISH
        except FailedExaminationError as failure:
            self.failure = failure.reason
        except (KeyError, ValueError, TypeError) as error:
            self.failure = f"the timed program gave an answer that can't be read: {error!r}"
        return FINISH

    def _talk(self) -> Generator[Message, Message, None]:
        yield FINISH  # primes the generator; nobody sees this answer
        first = {}
        for name in NAMES:
            _, first[name] = yield from self._asked(name, self.inputs)
        seconds = []
        for _ in range(latency.N_WARM_UP):
            for name in NAMES:
                seconds.append((yield from self._asked(name, latency.mixed(self.inputs, self.generator)))[0])
        n_fitting = MAX_OUTPUT_BYTES // max(1, *(outputs.nbytes for outputs in first.values()))
        n_batches = max(1, min(MAX_BATCHES, n_fitting, math.ceil(ROUND_SECONDS / min(seconds))))
        times: dict[str, list[float]] = {name: [] for name in (*NAMES, "echo")}
        energy: dict[str, list[float | None]] = {name: [] for name in NAMES}
        for _ in range(N_ROUNDS):
            batches = [latency.mixed(self.inputs, self.generator) for _ in range(n_batches)]
            fresh = np.concatenate(batches)
            for name in self.generator.permutation(NAMES):
                before = self.joules()
                times[name].append((yield from self._asked(name, fresh))[0])
                energy[name].append(used(before, self.joules()))
                times["echo"].append((yield from self._asked("echo", fresh))[0])
        for name in NAMES:
            check_alike(first[name], (yield from self._asked(name, self.inputs))[1])
        self.comparison = compared(times, energy, n_batches, len(self.inputs))

    def _asked(self, do: str, inputs: np.ndarray) -> Generator[Message, Message, tuple[float, np.ndarray]]:
        order = Message({"do": str(do), "batch_size": len(self.inputs)}, {"inputs": inputs})
        started = time.perf_counter()
        answer = yield order
        return time.perf_counter() - started, answer.arrays["outputs"]


def compared(
    times: dict[str, list[float]], energy: dict[str, list[float | None]], n_batches: int, batch_size: int
) -> LatencyComparison:
    """The comparison from seconds of each round, in which each model ran `n_batches` batches.

    Raises `ValueError` when a pass was too short to be told from the way there and back.
    """
    way = float(np.median(times["echo"]))
    passes = {name: (np.array(times[name]) - way) / n_batches for name in NAMES}
    if min(float(np.median(found)) for found in passes.values()) <= 0:
        raise ValueError("a forward pass takes no longer than the way there and back")
    ours, theirs = (np.maximum(passes[name], 1e-9) for name in NAMES)
    ratio, low, high = median_interval((ours / theirs).tolist())
    return LatencyComparison(
        candidate=_latency(ours, batch_size),
        rootstock=_latency(theirs, batch_size),
        ratio=ratio,
        low=low,
        high=high,
        n_rounds=len(ours),
        candidate_joules=_typical(energy["candidate"], n_batches),
        rootstock_joules=_typical(energy["rootstock"], n_batches),
    )


def median_interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float, float]:
    """The median with bounds that hold it with at least this confidence, whatever the distribution.

    The bounds are two of the values; with fewer than six no pair is wide enough for 95 %, and they are infinite.
    """
    from scipy.stats import binom

    ordered = sorted(values)
    rank = int(binom.ppf((1 - confidence) / 2, len(ordered), 0.5))
    if rank < 1:
        return float(np.median(ordered)), -math.inf, math.inf
    return float(np.median(ordered)), ordered[rank - 1], ordered[-rank]


def _latency(passes: np.ndarray, batch_size: int) -> latency.Latency:
    p50, p95 = np.percentile(1e3 * passes, [50, 95])
    return latency.Latency(float(p50), float(p95), batch_size)


def _typical(joules: Sequence[float | None], n_batches: int) -> float | None:
    known = [value for value in joules if value is not None]
    return float(np.median(known)) / n_batches if known else None
