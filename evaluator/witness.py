"""A second look at a model's answers: a new process that has its trained weights, and has seen nothing else.

Within one process a model can remember what it said, of which sample, and fit itself to all that it was ever sent. So
its weights come back before the first input that counts is sent, and some of its answers are asked for again where
nothing but those weights and a few samples is known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from archgraft.evaluator.examination import differ
from archgraft.evaluator.results import Status
from archgraft.evaluator.verdicts import status_of
from archgraft.sandbox.protocol import Job, Limits, Message, Outcome, Sandbox

BATCH_SIZE = 64
N_TRAIN_ROWS = 2
"""Samples of the training split that are sent along, for the program profiles and marks a model by them."""
GO, FINISH = Message({"do": "go"}), Message({"do": "finish"})


@dataclass(frozen=True, slots=True)
class Answers:
    """Inputs (N, ...) and what a model gave for each of them (N, ...)."""

    inputs: np.ndarray
    outputs: np.ndarray

    @classmethod
    def joined(cls, parts: "Sequence[Answers]") -> "Answers":
        """All of them. Raises `ValueError` where the shapes don't fit together."""
        return cls(np.concatenate([one.inputs for one in parts]), np.concatenate([one.outputs for one in parts]))

    def some(self, n: int, generator: np.random.Generator) -> "Answers":
        """At most so many of them, drawn at random."""
        rows = generator.permutation(len(self.inputs))[:n]
        return Answers(self.inputs[rows], self.outputs[rows])


@dataclass(frozen=True, slots=True)
class Testimony:
    """What the second look came to: a status with its reason, and what it cost."""

    status: Status
    reason: str
    wall_seconds: float
    cpu_seconds: float


def look_again(
    sandbox: Sandbox, training: Job, limits: Limits, weights: Mapping[str, np.ndarray], answers: Answers
) -> Testimony:
    """Ask the model of a training job again, by its weights. Raises `SandboxError`."""
    header = {**training.message.header, "return_weights": False}
    arrays = {name: training.message.arrays[name][:N_TRAIN_ROWS] for name in ("inputs", "targets")}
    arrays |= {f"weights/{name}": array for name, array in weights.items()}
    heard: list[np.ndarray] = []

    def respond(message: Message) -> Message:
        if "outputs" in message.arrays:
            heard.append(message.arrays["outputs"])
            return FINISH
        if message.header.get("phase") == "ready":
            return Message({"do": "run", "batch_size": BATCH_SIZE}, {"inputs": answers.inputs})
        return GO

    job = replace(training, message=Message(header, arrays), label=f"{training.label}, again")
    outcome = sandbox.run(job, limits, respond)
    status, reason = _verdict(outcome, heard, answers)
    return Testimony(status, reason, outcome.wall_seconds, outcome.cpu_seconds)


def _verdict(outcome: Outcome, heard: Sequence[np.ndarray], answers: Answers) -> tuple[Status, str]:
    if (status := status_of(outcome)) is not Status.OK:
        return status, f"in a new process with its trained weights: {outcome.reason}"
    if not heard or heard[0].shape != answers.outputs.shape:
        return Status.INVALID, "in a new process with its trained weights it gives no such outputs"
    if differ(answers.outputs, heard[0]):
        worst = float(np.abs(answers.outputs - heard[0]).max())
        return Status.INVALID, (
            f"in a new process with its trained weights the same samples give other outputs (difference {worst:.3g}): "
            "what it gives must follow from its weights and the sample alone"
        )
    return Status.OK, ""
