"""A second try, never silent: a training that diverged or ran out of memory is repeated once with a milder recipe.

Each kind of failure is met once: a model may run out of memory, and then, in halves, diverge; no third reason is left.
Everything is charged: an evaluation's seconds are those of all its tries.
"""

from dataclasses import replace
from typing import Any

from archgraft.evaluator.evaluate import CandidateSource, Evaluation, evaluate
from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.results import Rescue, Result, Stage, StageRecord, Status, joined
from archgraft.evaluator.tasks.protocol import Splits, Task
from archgraft.sandbox.protocol import Sandbox

SLOWER = 0.1
"""Of the learning rate and of the largest gradient, after a divergence: one step down on the usual grid of rates."""
PARTS = 2


def evaluate_with_rescue(
    sandbox: Sandbox, candidate: CandidateSource, task: Task, splits: Splits, *, recipe: Recipe, **options: Any
) -> Evaluation:
    """`evaluate`, tried again as the module says; `rescues` of the result tell of it. Raises what `evaluate` raises."""
    rescues: list[Rescue] = []
    stages: list[tuple[StageRecord, ...]] = []
    wall_seconds = cpu_seconds = 0.0
    while True:
        done = evaluate(sandbox, candidate, task, splits, recipe=recipe, **options)
        wall_seconds, cpu_seconds = wall_seconds + done.wall_seconds, cpu_seconds + done.cpu_seconds
        stages.append(done.result.stages)
        rescue = rescue_from(done.result, recipe)
        if rescue is None or rescue.status in {earlier.status for earlier in rescues}:
            result = replace(done.result, rescues=tuple(rescues), stages=joined(stages), wall_seconds=wall_seconds)
            return replace(done, result=result, wall_seconds=wall_seconds, cpu_seconds=cpu_seconds)
        rescues.append(rescue)
        recipe = replace(recipe, **rescue.changes)  # type: ignore[arg-type]  # names and types are `rescue_from`'s own


def rescue_from(result: Result, recipe: Recipe) -> Rescue | None:
    """How to try again; None where another recipe could not help, or training was not where it failed."""
    if result.stage is not Stage.TRAIN:
        return None
    changes: dict[str, int | float | str]
    if result.status is Status.NONFINITE:
        changes = {
            "learning_rate": SLOWER * recipe.learning_rate,
            "learning_rate_rule": "fixed",
            "gradient_clip": SLOWER * recipe.gradient_clip,
        }
    elif result.status is Status.OUT_OF_MEMORY:
        changes = {"gradient_accumulation": PARTS * recipe.gradient_accumulation}
    else:
        return None
    return Rescue(result.status, result.reason, changes)
