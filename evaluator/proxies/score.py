"""Zero-cost proxies of a candidate: the parent's end.

What the child says is untrusted (law 5): a score may reject a candidate, and is never part of a result.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from archgraft.evaluator.devices import CPU, Device
from archgraft.evaluator.evaluate import CandidateSource
from archgraft.evaluator.proxies.names import NAMES
from archgraft.evaluator.tasks.protocol import Split
from archgraft.sandbox.protocol import Job, Limits, Message, Outcome, Sandbox

PROXIES_ENTRY = "archgraft.evaluator.proxies.compute:run"
N_SAMPLES = 128
"""In the batch that proxies are computed with: what NASWOT's authors took."""


@dataclass(frozen=True, slots=True)
class ProxyScores:
    """More is better, by each paper's claim. Every name that was asked for has either a score or a reason."""

    scores: Mapping[str, float]
    reasons: Mapping[str, str]
    """Why there is no score: one line."""
    wall_seconds: float
    cpu_seconds: float


def proxy_scores(
    sandbox: Sandbox,
    candidate: CandidateSource,
    loss: str,
    train: Split,
    *,
    names: Sequence[str],
    seed: int,
    limits: Limits,
    readable: tuple[Path, ...] = (),
    device: Device = CPU,
) -> ProxyScores:
    """Build the candidate from `seed` and score its untrained state on a few training samples, drawn by `seed`.

    Whatever the candidate does wrong is a reason, never raised (law 4). Raises `ValueError` for a name that is none of
    `NAMES`, and `SandboxError`.
    """
    if unknown := set(names) - set(NAMES):
        raise ValueError(f"proxies are {', '.join(NAMES)}, but got {', '.join(sorted(unknown))}")
    rows = np.random.default_rng(seed).permutation(len(train))[:N_SAMPLES]
    header: dict[str, Any] = {
        "source": candidate.source,
        "construct": candidate.construct,
        "loss": loss,
        "seed": seed,
        "device": asdict(device),
        "names": list(names),
    }
    message = Message(header, {"inputs": train.inputs[rows], "targets": train.targets[rows]})
    outcome = sandbox.run(Job(PROXIES_ENTRY, message, readable, label=f"proxies, seed {seed}"), limits)
    return read_scores(outcome, names)


def read_scores(outcome: Outcome, names: Sequence[str]) -> ProxyScores:
    """What may be believed of the child's answer: finite numbers and short reasons, for the names asked for alone."""
    said = {} if outcome.message is None else outcome.message.header
    given, excuses = (_mapping(said.get(key)) for key in ("scores", "reasons"))
    scores = {name: score for name in names if isinstance(score := given.get(name), float) and math.isfinite(score)}
    reasons = {
        name: str(excuses.get(name) or outcome.reason or "the child gave no finite number").splitlines()[0][:300]
        for name in names
        if name not in scores
    }
    return ProxyScores(scores, reasons, outcome.wall_seconds, outcome.cpu_seconds)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
