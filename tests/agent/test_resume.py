"""A run that is killed goes on as if nothing had happened."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archgraft.agent.errors import UsageError
from archgraft.agent.search import SearchRequest
from archgraft.agent.searching import run_and_report
from archgraft.agent.store.ledger import ledger
from archgraft.agent.store.reader import load_run
from archgraft.sandbox.supervisor import LocalSandbox
from tests.agent.small_search import small_request

TRIALS = 30


def command_line(request: SearchRequest) -> list[str]:
    """The `archgraft search` that asks for the same."""
    chosen = request.settings
    settings = {
        "recipe.epochs": chosen.recipe.epochs,
        "search.n_finalists": chosen.search.n_finalists,
        "search.finalist_seeds": chosen.search.finalist_seeds,
        "search.max_parameters_ratio": chosen.search.max_parameters_ratio,
        "search.max_flops_ratio": chosen.search.max_flops_ratio,
        "search.latency_rounds": chosen.search.latency_rounds,
        "search.rungs": chosen.search.rungs,
        "genes.names": chosen.genes.names,
        "genes.inherit_share": chosen.genes.inherit_share,
    }
    call = [sys.executable, "-c", "from archgraft.agent.cli import main; main()"]
    call += ["search", request.model, "--task", request.task]
    call += ["--library", str(request.library), "--budget", str(request.budget), "--out", str(request.out)]
    return call + [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]


def n_finished(out: Path) -> int:
    """Attempts finished so far; -1 while there is no run yet."""
    if not (out / "run.sqlite").exists():
        return -1
    try:
        with load_run(out) as run:
            return len(run.attempts())
    except UsageError:  # the database is half made, or locked, at this moment
        return -1


def kill_when(request: SearchRequest, n_attempts: int, how: int = signal.SIGKILL) -> int:
    """Start the search, end it once so many attempts are finished, and return its exit code."""
    process = subprocess.Popen(
        command_line(request), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while process.poll() is None and n_finished(request.out) < n_attempts and time.monotonic() < deadline:
        time.sleep(0.02)
    if process.poll() is None:
        os.kill(process.pid, how)
    return process.wait()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, shared_sandbox: LocalSandbox) -> list[dict[str, object]]:
    folder = tmp_path_factory.mktemp("undisturbed")
    request = small_request(folder, trials=TRIALS)
    run_and_report(request, folder, shared_sandbox, lambda _: None)
    with load_run(request.out) as run:
        return ledger(run)


@pytest.mark.slow
def test_killed_three_times_and_resumed_the_ledger_is_that_of_an_undisturbed_run(
    tmp_path: Path, undisturbed: list[dict[str, object]], shared_sandbox: LocalSandbox
) -> None:
    request = small_request(tmp_path, trials=TRIALS)
    for n_attempts in (5, 14, 23):
        assert kill_when(request, n_attempts) == -signal.SIGKILL
    run_and_report(request, tmp_path, shared_sandbox, lambda _: None)
    with load_run(request.out) as run:
        assert ledger(run) == undisturbed
        charged = [spend.attempt for spend in run.spend_by_attempt() if spend.attempt is not None]
    assert charged == sorted(set(charged)) == list(range(TRIALS + 1))


@pytest.mark.slow
def test_control_c_ends_cleanly_and_the_same_command_goes_on(
    tmp_path: Path, undisturbed: list[dict[str, object]], shared_sandbox: LocalSandbox
) -> None:
    request = small_request(tmp_path, trials=TRIALS)
    assert kill_when(request, 2, signal.SIGINT) == 130
    run_and_report(request, tmp_path, shared_sandbox, lambda _: None)
    with load_run(request.out) as run:
        assert ledger(run) == undisturbed
