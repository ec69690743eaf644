"""Models of a few lines, each well- or ill-behaved in one way, trained in the real sandbox."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from archgraft.evaluator.early_stop import EarlyStop
from archgraft.evaluator.evaluate import CandidateSource, Dialogue, Evaluation, evaluate
from archgraft.evaluator.examination import prepare
from archgraft.evaluator.limits import CostCaps
from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.results import Stage, Status
from archgraft.evaluator.tasks.array import ArrayTask
from archgraft.evaluator.tasks.kinds import classification, regression, token_prediction
from archgraft.evaluator.tasks.protocol import Split, Splits
from archgraft.sandbox.protocol import Limits, Message
from archgraft.sandbox.supervisor import LocalSandbox

RECIPE = Recipe(epochs=4, batch_size=16, learning_rate=0.02)
LIMITS = Limits(wall_seconds=60)
HEAD = "import torch\nfrom torch import nn\n\n\nclass Model(nn.Module):\n"
INIT = "    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(6, 3)\n\n"


def source(forward: str, init: str = INIT) -> CandidateSource:
    body = "\n".join(f"        {line}" for line in forward.split("\n"))
    return CandidateSource(f"{HEAD}{init}    def forward(self, x):\n{body}\n", "Model()")


LINEAR = source("return self.fc(x)")


def clusters() -> ArrayTask:
    """Three clouds of points in six dimensions."""
    generator = np.random.default_rng(0)
    centres = generator.normal(size=(3, 6)) * 2
    parts = []
    for n in (96, 60, 30):
        labels = np.arange(n) % 3
        parts.append(Split((centres[labels] + generator.normal(size=(n, 6))).astype(np.float32), labels))
    return classification("clusters", Splits(*parts), RECIPE)


def counting() -> ArrayTask:
    """Texts of eight letters in which each letter follows from the one before."""
    starts = np.random.default_rng(0).integers(0, 5, (60, 1))
    texts = (starts + np.arange(9)) % 5
    parts = [Split(texts[rows, :-1], texts[rows, 1:]) for rows in (slice(0, 40), slice(40, 50), slice(50, 60))]
    return token_prediction("counting", Splits(*parts), Recipe(epochs=20, batch_size=8, learning_rate=0.05))


def nested(n: int) -> list[object]:
    """A list in a list in a list."""
    found: list[object] = []
    for _ in range(n):
        found = [found]
    return found


def run(sandbox: LocalSandbox, candidate: CandidateSource, task: ArrayTask, **options: object) -> Evaluation:
    settings: dict[str, object] = {"seed": 0, "limits": LIMITS} | options
    return evaluate(sandbox, candidate, task, task.load(), **settings)  # type: ignore[arg-type]  # a test's own options


def test_a_linear_model_learns_and_is_measured(shared_sandbox: LocalSandbox) -> None:
    evaluation = run(shared_sandbox, LINEAR, clusters())
    metrics = evaluation.result.metrics
    assert evaluation.result.ok, evaluation.result.reason
    assert metrics is not None
    assert metrics.score > 80
    assert metrics.n_parameters == 21
    assert metrics.flops == 2 * 6 * 3
    assert metrics.latency_ms_p95 >= metrics.latency_ms >= 0
    assert metrics.peak_memory_bytes > 0
    assert len(evaluation.train_losses) == 4
    assert evaluation.train_losses[-1] < evaluation.train_losses[0]
    assert evaluation.weights is None


def test_the_same_seed_gives_the_same_weights_and_score_bit_for_bit(shared_sandbox: LocalSandbox) -> None:
    dropout = source("return self.fc(nn.functional.dropout(x, 0.2, self.training))")
    first, second = (run(shared_sandbox, dropout, clusters(), keep_weights=True) for _ in range(2))
    other = run(shared_sandbox, dropout, clusters(), keep_weights=True, seed=1)
    assert first.weights is not None
    assert second.weights is not None
    assert other.weights is not None
    assert first.train_losses == second.train_losses
    for name, array in first.weights.items():
        np.testing.assert_array_equal(array, second.weights[name])
    assert not np.array_equal(first.weights["fc.weight"], other.weights["fc.weight"])


def test_kept_weights_score_the_same_without_training_and_then_on_the_test_split(shared_sandbox: LocalSandbox) -> None:
    task = clusters()
    trained = run(shared_sandbox, LINEAR, task, keep_weights=True)
    again = run(shared_sandbox, LINEAR, task, weights=trained.weights)
    tested = run(shared_sandbox, LINEAR, task, weights=trained.weights, split="test")
    assert trained.result.metrics is not None
    assert again.result.metrics is not None
    assert again.train_losses == ()
    assert again.result.metrics.score == trained.result.metrics.score
    assert again.result.metrics.train_loss == trained.result.metrics.train_loss
    assert tested.result.split == "test"
    assert trained.weights is not None
    test = task.test
    outputs = test.inputs @ trained.weights["fc.weight"].T + trained.weights["fc.bias"]
    assert tested.result.metrics is not None
    assert tested.result.metrics.score == task.score(outputs, test.targets)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_regression_is_learnt_by_either_optimizer(shared_sandbox: LocalSandbox, optimizer: str) -> None:
    x = np.random.default_rng(0).normal(size=(60, 6)).astype(np.float32)
    split = Split(x, x[:, 0])
    recipe = Recipe(epochs=15, batch_size=8, learning_rate=0.03, optimizer=optimizer, weight_decay=0)  # type: ignore[arg-type]  # parametrised text
    task = regression("slope", Splits(split, split, split), recipe)
    narrow = source("return self.fc(x)", INIT.replace("6, 3", "6, 1"))
    result = run(shared_sandbox, narrow, task).result
    assert result.metrics is not None
    assert result.metrics.score < 0.2


@pytest.mark.parametrize(
    ("forward", "status", "stage", "reason"),
    [
        ("return self.fc(x) + x.mean()", Status.BATCH_LEAK, Stage.CHECKS, "other outputs in another batch"),
        ("return self.fc(x) * float('nan')", Status.NONFINITE, Stage.TRAIN, "training loss became nan in epoch 1 of 4"),
        (
            "y = self.fc(x)\nreturn y if self.training or len(x) < 20 else y / 0",
            Status.NONFINITE,
            Stage.CHECKS,
            "are NaN or infinite",
        ),
        (
            "return self.fc(x)[:, :2]",
            Status.INVALID,
            Stage.GATES,
            r"shape \(2, 2\) for a batch of 2, .* needs \(2, 3\)",
        ),
        ("return self.fc(x)[:1]", Status.INVALID, Stage.GATES, r"shape \(1, 3\) for a batch of 2"),
        ("return (self.fc(x),)", Status.CRASH, Stage.GATES, "must be one tensor, but is a tuple"),
        ("assert not self.training, 'no'\nreturn self.fc(x)", Status.CRASH, Stage.TRAIN, "AssertionError: no"),
        ("import os\nos._exit(0)", Status.CRASH, Stage.GATES, ""),
    ],
)
def test_what_a_model_does_wrong_is_a_result_with_its_kind_and_reason(
    shared_sandbox: LocalSandbox, forward: str, status: Status, stage: Stage, reason: str
) -> None:
    result = run(shared_sandbox, source(forward), clusters()).result
    assert (result.status, result.stage, result.metrics) == (status, stage, None)
    assert re.search(reason, result.reason), result.reason
    assert result.reason


def test_an_endless_model_is_stopped_by_the_clock(shared_sandbox: LocalSandbox) -> None:
    endless = source("while self.training:\n    pass\nreturn self.fc(x)")
    result = run(shared_sandbox, endless, clusters(), limits=replace(LIMITS, wall_seconds=2)).result
    assert (result.status, result.stage) == (Status.TIMEOUT, Stage.TRAIN)


EMBED = INIT.replace("nn.Linear(6, 3)", "nn.Embedding(5, 5)")


def test_a_causal_model_of_text_is_scored_in_bits(shared_sandbox: LocalSandbox) -> None:
    result = run(shared_sandbox, source("return self.fc(x)", EMBED), counting()).result
    assert result.metrics is not None, result.reason
    assert result.metrics.score < 0.7  # a guess costs log2(5), 2.3 bits


def test_a_model_that_reads_ahead_is_caught(shared_sandbox: LocalSandbox) -> None:
    peeking = source("return self.fc(x) + 9 * nn.functional.one_hot(x.roll(-1, 1), 5)", EMBED)
    result = run(shared_sandbox, peeking, counting()).result
    assert (result.status, result.stage) == (Status.NOT_CAUSAL, Stage.CHECKS)
    assert "were exchanged" in result.reason


def test_a_candidate_over_the_caps_is_not_trained(shared_sandbox: LocalSandbox) -> None:
    evaluation = run(shared_sandbox, LINEAR, clusters(), caps=CostCaps(20, 1000))
    assert (evaluation.result.status, evaluation.result.stage) == (Status.OVER_LIMIT, Stage.GATES)
    assert "21 parameters where at most 20" in evaluation.result.reason
    assert evaluation.train_losses == ()


def test_a_model_whose_weights_are_larger_than_what_jobs_may_say_is_scored_all_the_same(
    shared_sandbox: LocalSandbox,
) -> None:
    wide = source(
        "return self.fc(x) + self.out(self.wide(x))",
        INIT + "        self.wide = nn.Linear(6, 30_000)\n        self.out = nn.Linear(30_000, 3)\n\n",
    )
    evaluation = run(shared_sandbox, wide, clusters(), limits=replace(LIMITS, output_bytes=2**16))
    assert evaluation.result.ok, evaluation.result.reason


def test_a_candidate_that_learns_too_slowly_is_stopped_on_the_way(shared_sandbox: LocalSandbox) -> None:
    rule = EarlyStop([[1e-6, 1e-7, 1e-8, 1e-9, 1e-9, 1e-9]])
    evaluation = run(shared_sandbox, LINEAR, clusters(), recipe=replace(RECIPE, epochs=6), early_stop=rule)
    assert evaluation.result.status is Status.STOPPED_EARLY
    assert len(evaluation.train_losses) == 4
    assert "rootstock had reached by epoch 1" in evaluation.result.reason


@pytest.mark.parametrize(
    "message",
    [
        Message(),
        Message({"phase": "dance"}),
        Message({"phase": "ready"}),
        *(Message({"phase": "epoch", "epoch": epoch, "train_loss": 1.0}) for epoch in ("one", math.inf, -1, True)),
        *(Message({"phase": "epoch", "epoch": 1, "train_loss": loss}) for loss in (math.nan, 10**400, True, [1.0])),
        Message({"phase": "built", "n_parameters": math.inf, "flops": 0, "output_shape": [2, 3]}),
        Message({"phase": "built", "n_parameters": 10**30, "flops": 0, "output_shape": [2, 3]}),
        Message({"phase": "built", "n_parameters": 0, "flops": -1, "output_shape": [2, 3]}),
        Message({"phase": "built", "n_parameters": 0, "flops": 0, "output_shape": ["x" * 10**6]}),
        Message({"phase": "x" * 10**6, "epoch": 1, "train_loss": 1.0}),
        Message({"phase": nested(900)}),
        *(
            Message({"phase": "ready", "train_loss": 1.0}, {name: np.ones(3, np.float32)})
            for name in ("__metadata__", "a\ud800", "\0")
        ),
    ],
    ids=lambda message: ascii((dict(message.header), *message.arrays))[:60],
)
def test_a_training_program_that_speaks_nonsense_is_a_failed_candidate(message: Message) -> None:
    task = clusters()
    dialogue = Dialogue(prepare(task.validation.inputs, False, np.random.default_rng(0)), task.output_shape)
    assert dialogue.respond(message).header["do"] == "finish"
    assert dialogue.failure is not None
    assert dialogue.failure[0] is Status.CRASH
    assert len(dialogue.failure[1]) <= 500
    assert dialogue.respond(message).header["do"] == "finish"
