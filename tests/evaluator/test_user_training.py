"""Training functions of a few lines, each in a file of its own, run in the real sandbox."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from archgraft.evaluator.early_stop import EarlyStop
from archgraft.evaluator.evaluate import Evaluation
from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.rescue import evaluate_with_rescue
from archgraft.evaluator.results import Stage, Status
from archgraft.evaluator.tasks.array import ArrayTask
from archgraft.sandbox.protocol import Limits
from archgraft.sandbox.supervisor import LocalSandbox
from tests.evaluator.test_evaluate import LINEAR, RECIPE, clusters, source

LIMITS = Limits(wall_seconds=60)
PLAIN = """
import random
import numpy as np
import torch
from helper_of_the_user import DECAY

def plain(model, data, budget):
    optimizer = torch.optim.SGD(model.parameters(), budget.recipe.learning_rate, weight_decay=DECAY)
    for epoch in range(1, budget.epochs + 1):
        noise = 0.01 * (torch.randn(1) + random.random() + np.random.rand())
        for rows in torch.randperm(len(data)).split(budget.batch_size):
            loss = budget.loss(model(data.inputs[rows] + noise), data.targets[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if not budget.report(epoch, loss.detach()):
            return
"""


def function_file(folder: Path, text: str) -> Path:
    (folder / "helper_of_the_user.py").write_text("DECAY = 1e-4\n")
    path = folder / "my_training.py"
    path.write_text(text)
    return path


def run(sandbox: LocalSandbox, path: Path, function: str, **options: object) -> Evaluation:
    task = clusters()
    recipe = replace(RECIPE, train_function=f"{path}:{function}", learning_rate=0.2)
    settings = {"recipe": recipe, "seed": 0, "limits": LIMITS} | options
    return evaluate_with_rescue(sandbox, LINEAR, task, task.load(), **settings)  # type: ignore[arg-type]  # own options


def body(folder: Path, *lines: str) -> Path:
    return function_file(folder, "\n    ".join(["import torch\n\ndef own(model, data, budget):", *lines]) + "\n")


def test_a_users_function_trains_the_model_and_reports_its_epochs(shared_sandbox: LocalSandbox, tmp_path: Path) -> None:
    evaluation = run(shared_sandbox, function_file(tmp_path, PLAIN), "plain")
    assert evaluation.result.metrics is not None, evaluation.result.reason
    assert evaluation.result.metrics.score > 80
    assert evaluation.result.metrics.learning_rate is None
    assert len(evaluation.train_losses) == RECIPE.epochs


def test_the_same_seed_gives_the_same_weights_whichever_generators_it_draws_from(
    shared_sandbox: LocalSandbox, tmp_path: Path
) -> None:
    path = function_file(tmp_path, PLAIN)
    first, second, other = (
        run(shared_sandbox, path, "plain", keep_weights=True, seed=seed).weights for seed in (0, 0, 1)
    )
    assert first is not None
    assert second is not None
    assert other is not None
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name])
    assert not np.array_equal(first["fc.weight"], other["fc.weight"])


def test_a_function_that_reports_can_be_stopped_early(shared_sandbox: LocalSandbox, tmp_path: Path) -> None:
    rule = EarlyStop([[1e-6, 1e-7, 1e-8, 1e-9, 1e-9, 1e-9]])
    recipe = replace(RECIPE, epochs=6, train_function=f"{function_file(tmp_path, PLAIN)}:plain")
    evaluation = run(shared_sandbox, tmp_path, "plain", recipe=recipe, early_stop=rule)
    assert evaluation.result.status is Status.STOPPED_EARLY
    assert len(evaluation.train_losses) == 4


def test_a_divergence_is_tried_again_with_the_milder_recipe_of_its_budget(
    shared_sandbox: LocalSandbox, tmp_path: Path
) -> None:
    path = body(tmp_path, "budget.report(1, float('nan') if budget.recipe.learning_rate > 0.1 else 0.5)")
    result = run(shared_sandbox, path, "own").result
    assert result.ok, result.reason
    [rescue] = result.rescues
    assert rescue.status is Status.NONFINITE
    assert rescue.changes["learning_rate"] == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["raise KeyError('no teacher')"], "my_training.py, line 4: KeyError: 'no teacher'"),
        (["model(data.inputs[:, :2])"], "my_training.py, line 4: RuntimeError: mat1 and mat2"),
        (["raise SystemExit(3)"], "my_training.py, line 4: SystemExit: 3"),
        (["return torch.nn.Linear(6, 3)"], "my_training:own returned a Linear; train the given model in place"),
        (["model.extra = torch.nn.Linear(6, 3)"], "my_training:own changed what the model consists of: extra.bias"),
        (["torch.load('/no/teacher.pt')"], "my_training.py, line 4: FileNotFoundError: "),
    ],
)
def test_what_a_function_does_wrong_is_a_result_with_its_line(
    shared_sandbox: LocalSandbox, tmp_path: Path, lines: list[str], reason: str
) -> None:
    result = run(shared_sandbox, body(tmp_path, *lines), "own").result
    assert (result.status, result.stage) == (Status.CRASH, Stage.TRAIN)
    assert reason in result.reason


@pytest.mark.parametrize(
    ("text", "function", "reason"),
    [
        ("import no_such_package", "own", "my_training.py, line 1: ModuleNotFoundError"),
        ("def own(:", "own", "SyntaxError: invalid syntax (my_training.py, line 1)"),
        ("", "own", "my_training has no function own"),
    ],
)
def test_a_file_without_the_function_is_told_before_the_model_is_built(
    shared_sandbox: LocalSandbox, tmp_path: Path, text: str, function: str, reason: str
) -> None:
    result = run(shared_sandbox, function_file(tmp_path, text), function).result
    assert (result.status, result.stage) == (Status.CRASH, Stage.GATES)
    assert reason in result.reason


def test_memory_that_runs_out_in_it_keeps_its_kind(shared_sandbox: LocalSandbox, tmp_path: Path) -> None:
    path = body(tmp_path, "torch.zeros(2**28)")
    result = run(shared_sandbox, path, "own", limits=replace(LIMITS, memory_bytes=640 * 2**20)).result
    assert result.status is Status.OUT_OF_MEMORY


def test_it_sees_the_training_split_alone(shared_sandbox: LocalSandbox, tmp_path: Path) -> None:
    path = body(
        tmp_path,
        "import gc",
        "sizes = {len(found) for found in gc.get_objects() if isinstance(found, torch.Tensor) and found.ndim}",
        "assert 96 in sizes and not sizes & {60, 30}, sizes",
    )
    result = run(shared_sandbox, path, "own").result
    assert result.ok, result.reason


def test_a_users_loss_in_a_file_of_theirs_is_found(shared_sandbox: LocalSandbox, tmp_path: Path) -> None:
    path = function_file(
        tmp_path, "import torch\n\ndef own(x, y):\n    return torch.nn.functional.cross_entropy(x, y)\n"
    )
    task: ArrayTask = replace(clusters(), loss=f"{path}:own")
    recipe = Recipe(epochs=2)
    result = evaluate_with_rescue(
        shared_sandbox, source("return self.fc(x)"), task, task.load(), recipe=recipe, seed=0, limits=LIMITS
    ).result
    assert result.ok, result.reason
