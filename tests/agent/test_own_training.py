"""A search whose models the user's own function trains."""

from pathlib import Path

import pytest

from archgraft.agent.errors import UsageError
from archgraft.agent.searching import run_and_report
from archgraft.evaluator.tasks.protocol import TaskError
from archgraft.sandbox.supervisor import LocalSandbox
from tests.agent.small_search import small_request


def test_one_that_fails_on_the_rootstock_ends_the_search_with_its_line(
    tmp_path: Path, shared_sandbox: LocalSandbox
) -> None:
    path = tmp_path / "own" / "mine.py"
    path.parent.mkdir()
    path.write_text("def own(model, data, budget):\n    raise ValueError('no teacher')\n")
    request = small_request(tmp_path / "run", trials=4, **{"recipe.train_function": f"{path}:own"})
    with pytest.raises(UsageError, match=r"can't be trained on this task: .* mine.py, line 2: ValueError: no teacher"):
        run_and_report(request, tmp_path / "cache", shared_sandbox, lambda text: None)


def test_one_that_lies_beside_the_data_is_refused_for_models_could_read_the_answers(
    tmp_path: Path, shared_sandbox: LocalSandbox
) -> None:
    path = tmp_path / "mine.py"
    path.write_text("def own(model, data, budget): ...\n")
    request = small_request(tmp_path / "run", trials=4, **{"recipe.train_function": f"{path}:own"})
    with pytest.raises(TaskError, match=r"the task's data lie in it: .*task\.npz; move the function"):
        run_and_report(request, tmp_path / "cache", shared_sandbox, lambda text: None)
    assert not request.out.exists()


def test_one_that_is_not_there_ends_the_search_before_anything_runs(
    tmp_path: Path, shared_sandbox: LocalSandbox
) -> None:
    request = small_request(tmp_path / "run", trials=4, **{"recipe.train_function": "no/such.py:own"})
    with pytest.raises(TaskError, match="no such file"):
        run_and_report(request, tmp_path / "cache", shared_sandbox, lambda text: None)
    assert not request.out.exists()
