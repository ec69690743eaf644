"""Hard limits on what a candidate may cost where it runs: its latency and its memory, as multiples of the rootstock's.

Before training, a short comparison of both untrained models rejects what is over a limit beyond noise. Whatever is to
be returned is held against the full comparison, in which it must be shown to keep the limits.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from archgraft.evaluator.devices import CPU, Device
from archgraft.evaluator.evaluate import CandidateSource
from archgraft.evaluator.latency_comparison import Effort, TimedModel, compare_latency
from archgraft.evaluator.paces import LatencyComparison
from archgraft.evaluator.results import Status
from archgraft.evaluator.variants import Variant
from archgraft.sandbox.protocol import Limits, Sandbox

SHORT_EFFORT = Effort(n_rounds=10, n_alone=6, round_seconds=0.005)


@dataclass(frozen=True, slots=True)
class CostRatios:
    """The most that a candidate may need, as multiples of what the rootstock does; none is no limit."""

    latency: float | None = None
    memory: float | None = None
    """Of a process that runs the model, at its peak."""

    @property
    def any_set(self) -> bool:
        """Whether there is anything to check."""
        return self.latency is not None or self.memory is not None

    def broken_by(self, found: LatencyComparison, *, beyond_noise: bool) -> str:
        """Which limit a candidate breaks, in one line; empty when it keeps all.

        With `beyond_noise` only what is certainly too slow breaks a limit; without, what is not shown to keep it, too.
        """
        if self.latency is not None:
            if found.doubt and not beyond_noise:
                return f"its latency can't be told: {found.doubt}"
            ratio = found.low if beyond_noise else found.ratio
            if ratio > self.latency and not found.doubt:
                least = "at least " if beyond_noise else ""
                return f"{least}{ratio:.2f} times the rootstock's latency where {self.latency:g} times are allowed"
        ratio = found.candidate.peak_memory_bytes / max(1, found.rootstock.peak_memory_bytes)
        if self.memory is not None and ratio > self.memory:
            return f"{ratio:.2f} times the rootstock's memory where {self.memory:g} times are allowed"
        return ""


@dataclass(frozen=True, slots=True)
class CostVerdict:
    """`OK` or `OVER_LIMIT` with a reason, and what it took to tell."""

    status: Status
    reason: str
    wall_seconds: float
    cpu_seconds: float


def cost_check(
    sandbox: Sandbox,
    candidate: CandidateSource,
    rootstock: CandidateSource,
    inputs: np.ndarray,
    ratios: CostRatios,
    *,
    limits: Limits,
    seed: int = 0,
    device: Device = CPU,
) -> CostVerdict:
    """Hold an untrained candidate against the limits, on batches like `inputs` (N, ...). Raises `SandboxError`.

    A limit that can't be checked isn't kept. Without limits nothing is run.
    """
    if not ratios.any_set:
        return CostVerdict(Status.OK, "", 0.0, 0.0)
    done = compare_latency(
        sandbox,
        TimedModel(candidate),
        TimedModel(rootstock),
        inputs,
        limits=limits,
        seed=seed,
        device=device,
        variants=(Variant.AS_IS,),
        effort=SHORT_EFFORT,
    )
    broken = ratios.broken_by(done.comparisons[0], beyond_noise=True) if done.comparisons else done.reason
    return CostVerdict(Status.OVER_LIMIT if broken else Status.OK, broken, done.wall_seconds, done.cpu_seconds)


def limit_broken(comparisons: Sequence[LatencyComparison], ratios: CostRatios) -> str:
    """Why a finalist may not be returned, by its full comparison; empty when it may."""
    if not ratios.any_set:
        return ""
    as_is = next((found for found in comparisons if found.variant is Variant.AS_IS), None)
    return "it could not be timed" if as_is is None else ratios.broken_by(as_is, beyond_noise=False)
