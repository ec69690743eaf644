"""What a search does about data that are suspicious, or wrong."""

from pathlib import Path

import numpy as np
import pytest

from archgraft.agent.progress import PlainWatcher
from archgraft.agent.report.build import build_report
from archgraft.agent.search import warn
from archgraft.agent.searching import run_and_report
from archgraft.agent.store.opening import open_run
from archgraft.evaluator.tasks.protocol import TaskError
from archgraft.sandbox.supervisor import LocalSandbox
from tests.agent.small_search import small_request
from tests.agent.synthetic import SyntheticRun, run_info


def test_a_warning_is_said_each_time_and_kept_once_for_the_report(tmp_path: Path) -> None:
    said: list[str] = []
    for _ in range(2):
        with open_run(tmp_path, run_info()) as store:
            warn(store, ["3 samples stand in two parts"], PlainWatcher(said.append))
            kept = [event.text for event in store.events() if event.kind == "warning"]
            if not store.attempts():
                SyntheticRun(store).rootstock()
    assert said == ["Warning: 3 samples stand in two parts"] * 2
    assert kept == ["3 samples stand in two parts"]
    assert "3 samples stand in two parts" in build_report(tmp_path).read_text()


def test_data_that_are_wrong_end_the_search_before_it_begins(tmp_path: Path, shared_sandbox: LocalSandbox) -> None:
    request = small_request(tmp_path)
    data = dict(np.load(tmp_path / "task.npz"))
    for part in ("test", "validation"):
        data |= {f"x_{part}": data["x_train"], f"y_{part}": data["y_train"]}
    np.savez(tmp_path / "task.npz", **data)
    with pytest.raises(TaskError, match="validation and train are the same 120 samples"):
        run_and_report(request, tmp_path / "cache", shared_sandbox, lambda text: None)
    assert not request.out.exists()
