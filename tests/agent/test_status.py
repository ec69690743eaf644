import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from archgraft.agent.cli.export import export_command
from archgraft.agent.cli.report import report_command
from archgraft.agent.cli.status import status_command
from archgraft.agent.errors import UsageError
from archgraft.agent.status import status, status_lines
from archgraft.agent.store.opening import open_run
from tests.agent.synthetic import SyntheticRun, run_info, write_run


def app() -> typer.Typer:
    made = typer.Typer()
    made.command("status")(status_command)
    made.command("report")(report_command)
    made.command("export")(export_command)
    return made


def test_a_run_at_work_is_told_with_what_is_left(tmp_path: Path) -> None:
    now = [0.0]
    with open_run(tmp_path, run_info(), clock=lambda: now[0]) as store:
        run = SyntheticRun(store)
        run.rootstock()
        for index in range(1, 11):
            now[0] += 60
            run.finish(run.propose(index))
        run.propose(11)
        found = status(tmp_path)
    assert found.running
    assert (found.n_attempts, found.n_valid, found.n_in_flight) == (10, 8, 1)
    assert found.attempts_per_hour == 60
    assert found.failures == {"invalid": 1, "timeout": 1}
    assert found.budget_left == "30 trials, 20:00 min"
    assert found.verdict in ("unconfirmed", "unchanged")
    assert not status(tmp_path).running


def test_a_finished_run_is_told_with_its_verdict(tmp_path: Path) -> None:
    found = status(write_run(tmp_path, 12))
    assert found.budget_left.startswith("28 trials")
    assert found.budget_spent is None
    assert found.verdict == "better"
    assert found.sealed_test_used
    lines = list(status_lines(found))
    assert any("test accuracy 9" in line and "better" in line for line in lines)
    assert any(line.startswith("spent") and "1,440 tokens" in line for line in lines)


def test_a_run_without_scores_has_a_status(tmp_path: Path) -> None:
    open_run(tmp_path, run_info()).close()
    assert "no score yet" in "\n".join(status_lines(status(tmp_path)))


def test_no_run_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run here"):
        status(tmp_path)


def test_the_commands_print_for_people_and_for_scripts(tmp_path: Path) -> None:
    run = str(write_run(tmp_path, 6))
    told = CliRunner().invoke(app(), ["status", run])
    assert "attempts  6, 5 valid" in told.stdout
    assert json.loads(CliRunner().invoke(app(), ["status", run, "--json"]).stdout)["n_attempts"] == 6
    page = json.loads(CliRunner().invoke(app(), ["report", run, "--json"]).stdout)["report"]
    assert Path(page).is_file()
    paths = json.loads(CliRunner().invoke(app(), ["export", run, "--json"]).stdout)
    assert Path(paths["source"]) == tmp_path / "best.py"
    assert Path(paths["weights"]).is_file()
    plain = CliRunner().invoke(app(), ["export", run, "--out", str(tmp_path / "other.py")]).stdout
    assert str(tmp_path / "other.safetensors") in plain


def test_a_budget_that_is_spent_is_named(tmp_path: Path) -> None:
    write_run(tmp_path, 2, finals=False)
    open_run(tmp_path, run_info(budget={"trials": 2, "minutes": 0.1})).close()
    assert status(tmp_path).budget_spent == "the budget of 2 trials is spent"
