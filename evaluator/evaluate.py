"""Trains and measures one candidate: the parent's end, where labels, metric, clock and verdict are (law 5)."""

from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from archgraft.evaluator import latency
from archgraft.evaluator.devices import CPU, Device
from archgraft.evaluator.early_stop import EarlyStop
from archgraft.evaluator.examination import Examination, FailedExaminationError, check_alike, prepare
from archgraft.evaluator.limits import CostCaps
from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.results import Metrics, Result, Stage, Status
from archgraft.evaluator.stage_clock import StageClock
from archgraft.evaluator.tasks.protocol import Split, Splits, Task
from archgraft.evaluator.untrusted import count, number, state
from archgraft.evaluator.user_code import trained_by
from archgraft.evaluator.verdicts import status_of
from archgraft.evaluator.witness import Answers, look_again
from archgraft.sandbox.protocol import Job, Limits, Message, Outcome, Sandbox, Verdict

TRAIN_ENTRY = "archgraft.evaluator.train:run"
GO, FINISH = Message({"do": "go"}), Message({"do": "finish"})
_STAGES = {"built": Stage.TRAIN, "epoch": Stage.TRAIN, "ready": Stage.CHECKS}
"""What goes on after each thing the child has said; before the first, the model is being built."""
_SPARE_BYTES = 2**20
_MAX_REASON_CHARACTERS = 500
N_ASKED_AGAIN = 64
"""Rows of the split, and as many timed ones, that are asked for once more in another process."""
PROFILE_BATCH = 2

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class CandidateSource:
    """A model as text: one self-contained module, and the expression that builds the model in it."""

    source: str
    construct: str


@dataclass(frozen=True, slots=True)
class Start:
    """Trained weights that a training begins with, and the epochs that they had."""

    weights: Arrays
    epochs: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of one training. `weights` is the trained state when it was asked for and all went well."""

    result: Result
    train_losses: tuple[float, ...]
    """Mean training loss of each epoch; empty when weights were given."""
    weights: Arrays | None
    wall_seconds: float
    cpu_seconds: float
    log: str
    """The tail of what the child wrote."""


def evaluate(
    sandbox: Sandbox,
    candidate: CandidateSource,
    task: Task,
    splits: Splits,
    *,
    seed: int,
    limits: Limits,
    split: Literal["validation", "test"] = "validation",
    recipe: Recipe | None = None,
    caps: CostCaps | None = None,
    early_stop: EarlyStop | None = None,
    let_through: bool = False,
    keep_weights: bool = False,
    start: Start | None = None,
    weights: Arrays | None = None,
    device: Device = CPU,
) -> Evaluation:
    """Train a candidate from `seed` and score it on one split; with `weights`, score that state without training.

    With `start` the training begins there and not with what the constructor made; the result says so. With
    `let_through` what `early_stop` would have stopped trains to its end, and the result says so. `recipe` stands in for
    the task's own. What a candidate does wrong is in the result, never raised (law 4). Raises `SandboxError`,
    `TaskError` where a function of the user's is gone, and what `task.score` raises.
    """
    trained = trained_by(recipe or task.recipe, task.loss)
    held: Split = getattr(splits, split)
    generator = np.random.default_rng([seed, 0 if split == "validation" else 1])
    examination = prepare(held.inputs, task.causal, generator)
    dialogue = Dialogue(examination, task.output_shape, caps, early_stop, generator, let_through=let_through)
    header: dict[str, Any] = {
        "source": candidate.source,
        "construct": candidate.construct,
        "recipe": asdict(trained.recipe),
        "loss": trained.loss,
        "seed": seed,
        "device": asdict(device),
        "return_weights": weights is None,
    }
    arrays = {"inputs": splits.train.inputs, "targets": splits.train.targets}
    arrays |= {f"weights/{name}": array for name, array in (weights or {}).items()}
    arrays |= {f"start/{name}": array for name, array in (start.weights if start else {}).items()}
    job = Job(TRAIN_ENTRY, Message(header, arrays), trained.readable, label=f"train, seed {seed}")
    limits = _with_room(limits, dialogue.examination, task)
    outcome = sandbox.run(job, limits, dialogue.respond)
    if outcome.verdict is Verdict.OK and dialogue.outputs is not None:
        learnt = dialogue.weights if weights is None else weights
        again = look_again(sandbox, job, limits, learnt, dialogue.to_ask_again(held.inputs))
        dialogue.hear(again.status, again.reason)
        outcome = replace(
            outcome,
            wall_seconds=outcome.wall_seconds + again.wall_seconds,
            cpu_seconds=outcome.cpu_seconds + again.cpu_seconds,
        )
    result = _result(outcome, dialogue, task, held, seed, split)
    result = replace(result, inherited_epochs=start.epochs if start else 0)
    kept = (dialogue.weights if weights is None else weights) if keep_weights and result.ok else None
    return Evaluation(
        result, tuple(dialogue.train_losses), kept, outcome.wall_seconds, outcome.cpu_seconds, outcome.log
    )


class Dialogue:
    """What the parent answers a training child, and what it learns from it. For one job."""

    def __init__(
        self,
        examination: Examination,
        output_shape: tuple[int, ...],
        caps: CostCaps | None = None,
        early_stop: EarlyStop | None = None,
        generator: np.random.Generator | None = None,
        *,
        let_through: bool = False,
    ) -> None:
        self.examination = examination
        self.generator = generator or np.random.default_rng(0)
        self.output_shape = output_shape
        self.caps = caps
        self.early_stop = early_stop
        self.let_through = let_through
        self.stages = StageClock(Stage.GATES)
        self.failure: tuple[Status, str] | None = None
        self.train_losses: list[float] = []
        self.train_loss = float("nan")
        self.learning_rate: float | None = None
        self.gpu_memory_bytes: int | None = None
        self.n_parameters = self.flops = 0
        self.outputs: np.ndarray | None = None
        self.latency: latency.Latency | None = None
        self.weights: Arrays = {}
        """The trained state, as it was before any input that counts was sent."""
        self._timed: Answers | None = None
        self._script = self._talk()
        next(self._script)

    def respond(self, message: Message) -> Message:
        """The answer to one question. Whatever the child says wrongly ends the talk, and is its failure."""
        try:
            return self._script.send(message)
        except StopIteration:
            return FINISH
        except FailedExaminationError as failure:
            self.failure = failure.status, failure.reason
        except (KeyError, ValueError, TypeError, RecursionError) as error:
            said = f"the training program gave an answer that can't be read: {error!r}"
            self.failure = Status.CRASH, said[:_MAX_REASON_CHARACTERS]
        return FINISH

    def to_ask_again(self, inputs: np.ndarray) -> Answers:
        """Some of the answers that count, to the rows of `inputs`, and some that were given while it was timed."""
        assert self.outputs is not None, "the examination came to its end"
        assert self._timed is not None, "the examination came to its end"
        scored, timed = Answers(inputs, self.outputs), self._timed
        return Answers.joined([answers.some(N_ASKED_AGAIN, self.generator) for answers in (scored, timed)])

    def hear(self, status: Status, reason: str) -> None:
        """What came of asking again, which is over now."""
        if status is not Status.OK:
            self.failure = status, reason
            return
        self.stages.enter(Stage.DONE)

    def _talk(self) -> Generator[Message, Message, None]:
        said = yield GO  # primes the generator; nobody sees this answer
        while (phase := str(said.header["phase"])) != "ready":
            if phase == "built":
                self._weigh(said.header)
            else:
                self._follow(count(said.header["epoch"]), number(said.header["train_loss"]))
            self.stages.enter(_STAGES[phase])
            said = yield GO
        self.stages.enter(_STAGES[phase])
        self.train_loss = number(said.header["train_loss"])
        self.weights = state(said.arrays)
        if (learning_rate := said.header.get("learning_rate")) is not None:
            self.learning_rate = number(learning_rate)
        if (gpu_memory_bytes := said.header.get("gpu_memory_bytes")) is not None:
            self.gpu_memory_bytes = count(gpu_memory_bytes)
        exam = self.examination
        said = yield Message({"do": "run", "batch_size": exam.batch_size}, {"inputs": exam.inputs})
        raw = said.arrays["outputs"]
        rows = exam.mark(raw, self.output_shape)
        self.stages.enter(Stage.PROFILE)
        n_timed = min(latency.BATCH_SIZE, len(exam.inputs))
        self.latency, again, timed = yield from latency.measure(exam.inputs[:n_timed], self.generator)
        self.stages.enter(Stage.CHECKS)
        if again.shape != raw[:n_timed].shape:
            raise FailedExaminationError(Status.INVALID, f"gives outputs of shape {again.shape} for a smaller batch")
        check_alike(raw[:n_timed], again)
        if timed.outputs.shape[1:] != raw.shape[1:]:
            reason = f"gives outputs of shape {timed.outputs.shape} while it is timed"
            raise FailedExaminationError(Status.INVALID, reason)
        self.outputs, self._timed = rows, timed

    def _weigh(self, said: Mapping[str, Any]) -> None:
        self.n_parameters, self.flops = count(said["n_parameters"]), count(said["flops"])
        shape = tuple(count(size) for size in said["output_shape"][: len(self.output_shape) + 2])
        due = (PROFILE_BATCH, *self.output_shape)
        if shape != due:
            reason = f"gives outputs of shape {shape} for a batch of {PROFILE_BATCH}, the task needs {due}"
            raise FailedExaminationError(Status.INVALID, reason)
        if self.caps and (broken := self.caps.broken_by(self.n_parameters, self.flops)):
            raise FailedExaminationError(Status.OVER_LIMIT, broken)

    def _follow(self, epoch: int, train_loss: float) -> None:
        self.train_losses.append(train_loss)
        if self.early_stop and (reason := self.early_stop.reason_to_stop(epoch, train_loss)):
            if not self.let_through:
                raise FailedExaminationError(Status.STOPPED_EARLY, reason)
            self.stages.let_through(reason)


def _with_room(limits: Limits, examination: Examination, task: Task) -> Limits:
    """The limits with room for the outputs that we ask for ourselves, and for the trained state.

    That is a quarter of the memory at most: training holds weights, gradients and, with Adam, two moments of each.
    """
    n_rows = len(examination.inputs) + (latency.N_WARM_UP + 2 * latency.N_TIMED + 1) * latency.BATCH_SIZE
    asked = 4 * n_rows * int(np.prod(task.output_shape, dtype=np.int64)) + _SPARE_BYTES
    return replace(limits, output_bytes=limits.output_bytes + asked + limits.memory_bytes // 4)


def _result(outcome: Outcome, dialogue: Dialogue, task: Task, held: Split, seed: int, split: str) -> Result:
    status, reason = status_of(outcome), outcome.reason
    if dialogue.failure is not None:
        status, reason = dialogue.failure
    elif outcome.verdict is Verdict.OK and dialogue.outputs is None:
        status, reason = Status.CRASH, "the training program ended before it was examined"
    metrics = None
    stage = dialogue.stages.current
    if status is Status.OK and dialogue.outputs is not None and dialogue.latency is not None:
        stage = Stage.DONE
        metrics = Metrics(
            score=float(task.score(dialogue.outputs, held.targets)),
            train_loss=dialogue.train_loss,
            n_parameters=dialogue.n_parameters,
            flops=dialogue.flops,
            latency_ms=dialogue.latency.p50_ms,
            latency_ms_p95=dialogue.latency.p95_ms,
            latency_batch=dialogue.latency.batch_size,
            peak_memory_bytes=outcome.peak_memory_bytes,
            peak_gpu_memory_bytes=dialogue.gpu_memory_bytes,
            learning_rate=dialogue.learning_rate,
        )
    stages = dialogue.stages.records("" if status is Status.OK else reason)
    return Result(status, stage, reason, seed, split, metrics, outcome.wall_seconds, outcome.tier, stages=stages)
