"""Tries candidates that forge their score or their latency, in our evaluator and in a naive one."""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from archgraft.evaluator.evaluate import CandidateSource, evaluate
from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.tasks.array import ArrayTask
from archgraft.evaluator.tasks.kinds import classification
from archgraft.evaluator.tasks.protocol import Split, Splits
from archgraft.sandbox.protocol import Limits, Sandbox

FORGERIES = Path(__file__).with_name("forgeries")
NAIVE = Path(__file__).with_name("naive_evaluator.py")
CHANCE_SCORE = 50.0
"""Percent. The labels are noise over three classes: whoever gets more has not learnt it."""
SLOW = {"patched_clock": 20.0, "cached_pass": 20.0, "known_rows": 20.0}
"""Milliseconds that these take for a pass; they forge the time, not the score."""
SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Forgery:
    """What an evaluator made of a forger."""

    name: str
    believed: bool
    said: str


def names() -> list[str]:
    """Every forgery there is."""
    return sorted(path.stem for path in FORGERIES.glob("*.py"))


def noise() -> ArrayTask:
    """Nothing can be learnt here; the validation split comes in the order of its labels."""
    generator = np.random.default_rng(0)
    parts = []
    for n in (120, 300, 60):
        parts.append(Split(generator.normal(size=(n, 6)).astype(np.float32), np.arange(n) % 3))
    parts[1].inputs[:, 0] += 4 * parts[1].targets  # a batch tells its labels apart, a sample can't know its own
    parts[0].inputs[:, 0] -= generator.normal(size=120).astype(np.float32)
    return classification("noise", Splits(*parts), Recipe(epochs=1, batch_size=32))


def forge(sandbox: Sandbox, name: str) -> Forgery:
    """The forger in our evaluator."""
    task = noise()
    candidate = CandidateSource((FORGERIES / f"{name}.py").read_text(), "Model()")
    result = evaluate(sandbox, candidate, task, task.load(), seed=0, limits=Limits(wall_seconds=60.0)).result
    said = f"{result.status.value}: {result.reason}"
    if result.metrics is None:
        return Forgery(name, False, said)
    said += f" score {result.metrics.score:.1f}, latency {result.metrics.latency_ms:.2f} ms"
    return Forgery(name, _is_believed(name, result.metrics.score, result.metrics.latency_ms), said)


def forge_naively(name: str) -> Forgery:
    """The forger in an evaluator that trusts what runs beside it."""
    splits = noise().load()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.npz"
        np.savez(
            data,
            train_inputs=splits.train.inputs,
            train_targets=splits.train.targets,
            validation_inputs=splits.validation.inputs,
            validation_targets=splits.validation.targets,
        )
        command = [sys.executable, str(NAIVE), str(FORGERIES / f"{name}.py"), str(data)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=SECONDS, check=False)
    if not done.stdout:
        return Forgery(name, False, done.stderr[-300:])
    said = json.loads(done.stdout.splitlines()[-1])
    return Forgery(name, _is_believed(name, said["score"], said["latency_ms"]), str(said))


def _is_believed(name: str, score: float, latency_ms: float) -> bool:
    return score > CHANCE_SCORE or (name in SLOW and latency_ms < SLOW[name] / 2)
