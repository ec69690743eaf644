"""How many candidates a minute: one epoch on `digits`, measured in full, by zygote or by fresh interpreter.

Both do the same work, one candidate after the other: build, profile, train, examine, time. The fresh interpreter is a
plain one, without any isolation. `python -m benchmarks.evaluator.throughput FILE` is what it runs.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from archgraft.evaluator.devices import CPU
from archgraft.evaluator.evaluate import CandidateSource, Dialogue, evaluate
from archgraft.evaluator.examination import prepare
from archgraft.evaluator.tasks.load import load_task
from archgraft.evaluator.tasks.protocol import Task
from archgraft.sandbox.protocol import Limits, Message
from archgraft.sandbox.supervisor import LocalSandbox

MODEL = Path(__file__).parents[2] / "examples" / "resnet.py"
OUTPUT_SHAPE = (10,)


@dataclass
class DirectChannel:
    """A channel without a process in between."""

    request: Message
    dialogue: Dialogue

    def ask(self, message: Message) -> Message:
        return self.dialogue.respond(message)


def train_here(data: Path) -> None:
    """What a fresh interpreter does: the same child program and the same dialogue, in one process."""
    import torch

    from archgraft.evaluator.train import run

    torch.set_num_threads(1)
    with np.load(data) as archive:
        header = json.loads(str(archive["header"]))
        dialogue = Dialogue(prepare(archive["validation"], False, np.random.default_rng(0)), OUTPUT_SHAPE)
        run(DirectChannel(Message(header, {name: archive[name] for name in ("inputs", "targets")}), dialogue))
    if dialogue.outputs is None:
        raise RuntimeError(f"the model was not measured: {dialogue.failure}")


def one_epoch(task: Task) -> dict[str, object]:
    """The request's header."""
    recipe = asdict(replace(task.recipe, epochs=1))
    source = {"source": MODEL.read_text(), "construct": "ResNet()"}
    return {**source, "recipe": recipe, "loss": task.loss, "seed": 0, "device": asdict(CPU), "return_weights": False}


def throughput(n_candidates: int) -> dict[str, float | int | str]:
    """Candidates a minute of both, with the machine they were measured on."""
    task = load_task("digits")
    splits = task.load()
    candidate = CandidateSource(MODEL.read_text(), "ResNet()")
    recipe = replace(task.recipe, epochs=1)
    with LocalSandbox(preload=("archgraft.evaluator.train",)) as sandbox:

        def by_zygote() -> None:
            result = evaluate(sandbox, candidate, task, splits, seed=0, limits=Limits(), recipe=recipe).result
            if not result.ok:
                raise RuntimeError(result.reason)

        by_zygote()  # not counted: it starts the zygote
        zygote_seconds = seconds_each(by_zygote, n_candidates)
        tier = sandbox.tier
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "request.npz"
        np.savez(
            data,
            header=json.dumps(one_epoch(task)),
            inputs=splits.train.inputs,
            targets=splits.train.targets,
            validation=splits.validation.inputs,
        )
        command = [sys.executable, "-m", "benchmarks.evaluator.throughput", str(data)]
        fresh_seconds = seconds_each(lambda: subprocess.run(command, check=True), n_candidates)
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} CPUs",
        "tier": tier,
        "n_candidates": n_candidates,
        "per_minute": 60 / zygote_seconds,
        "per_minute_plain": 60 / fresh_seconds,
        "speed_up": fresh_seconds / zygote_seconds,
    }


def seconds_each(call: Callable[[], object], n_calls: int) -> float:
    """Mean wall-clock time of a call."""
    started = time.perf_counter()
    for _ in range(n_calls):
        call()
    return (time.perf_counter() - started) / n_calls


if __name__ == "__main__":
    train_here(Path(sys.argv[1]))
