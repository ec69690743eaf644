"""Models that fail once, or always, trained in the real sandbox."""

from dataclasses import replace

import pytest

from archgraft.evaluator.evaluate import Evaluation
from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.rescue import evaluate_with_rescue, rescue_from
from archgraft.evaluator.results import Result, Stage, Status
from archgraft.sandbox.protocol import Limits
from archgraft.sandbox.supervisor import LocalSandbox
from tests.evaluator.test_evaluate import LINEAR, RECIPE, clusters, source

LIMITS = Limits(wall_seconds=60, memory_bytes=640 * 2**20)


def run(sandbox: LocalSandbox, forward: str | None = None, **recipe: object) -> Evaluation:
    task = clusters()
    changed = replace(RECIPE, **recipe)  # type: ignore[arg-type]  # a test's own fields
    candidate = LINEAR if forward is None else source(forward)
    return evaluate_with_rescue(sandbox, candidate, task, task.load(), recipe=changed, seed=0, limits=LIMITS)


def test_a_training_that_goes_well_is_not_repeated(shared_sandbox: LocalSandbox) -> None:
    result = run(shared_sandbox).result
    assert result.ok, result.reason
    assert result.rescues == ()


def test_a_divergence_is_trained_again_slower_and_told(shared_sandbox: LocalSandbox) -> None:
    exploding = "return self.fc(x) if self.fc.weight.abs().max() < 3 else self.fc(x) * float('inf')"
    first = run(shared_sandbox, exploding, learning_rate=1.0, learning_rate_rule="fixed")
    assert first.result.ok, first.result.reason
    [rescue] = first.result.rescues
    assert rescue.status is Status.NONFINITE
    assert "training loss became" in rescue.reason
    assert rescue.changes == {"learning_rate": 0.1, "learning_rate_rule": "fixed", "gradient_clip": 0.1}
    assert first.result.metrics is not None
    assert first.result.metrics.learning_rate == 0.1


def test_one_that_diverges_again_fails_after_one_rescue_and_both_tries_are_charged(
    shared_sandbox: LocalSandbox,
) -> None:
    done = run(
        shared_sandbox, "import time\nif self.training: time.sleep(0.02)\nreturn self.fc(x) * float('nan')", epochs=1
    )
    assert (done.result.status, done.result.stage) == (Status.NONFINITE, Stage.TRAIN)
    assert len(done.result.rescues) == 1
    assert done.wall_seconds == done.result.wall_seconds
    assert done.wall_seconds > 2 * 6 * 0.02  # each try sleeps in the six batches of its one epoch


def test_memory_that_runs_out_is_mended_by_halves_of_the_same_batch(shared_sandbox: LocalSandbox) -> None:
    greedy = "import numpy\nheld = numpy.zeros(len(x) * 2**23 if self.training else 1)\nreturn self.fc(x) + held[0]"
    result = run(shared_sandbox, greedy, epochs=1).result
    assert result.ok, result.reason
    [rescue] = result.rescues
    assert rescue.status is Status.OUT_OF_MEMORY
    assert rescue.changes == {"gradient_accumulation": 2}


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        (Status.OUT_OF_MEMORY, Stage.GATES),  # with a batch of two: smaller parts don't help
        (Status.NONFINITE, Stage.CHECKS),
        (Status.TIMEOUT, Stage.TRAIN),
        (Status.CRASH, Stage.TRAIN),
    ],
)
def test_what_another_recipe_would_not_mend_is_not_tried_again(status: Status, stage: Stage) -> None:
    assert rescue_from(Result(status, stage, "why", 0, "validation", None, 1.0, "A"), Recipe()) is None
