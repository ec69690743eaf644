"""A search killed with `kill -9` at random moments and resumed: the same ledger, no orphan, nothing charged twice."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from archgraft.agent.search import SearchRequest
from archgraft.agent.store.ledger import Entry, ledger
from archgraft.agent.store.reader import load_run
from tests.agent.small_search import small_request
from tests.agent.test_resume import command_line

N_TRIALS = 12
KILLS_IN_A_RUN = 5
GRACE_SECONDS = 1.0
"""How long anything may outlive the search."""


def kills(n_kills: int, seed: int) -> dict[str, int]:
    """Kill runs of a small search until `n_kills` are reached, five times each, and compare with an undisturbed one."""
    generator = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory(prefix="archgraft-kills-") as folder:
        undisturbed = small_request(Path(folder) / "undisturbed", trials=N_TRIALS)
        started = time.perf_counter()
        _run(undisturbed)
        whole_seconds = time.perf_counter() - started
        expected, _ = _read(undisturbed)
        figures = {"kills": 0, "runs_killed": 0, "resumes_identical": 0, "orphans": 0, "charged_twice": 0}
        while figures["kills"] < n_kills:
            request = small_request(Path(folder) / f"run {figures['runs_killed']}", trials=N_TRIALS)
            for _ in range(min(KILLS_IN_A_RUN, n_kills - figures["kills"])):
                figures["orphans"] += _killed_after(request, float(generator.uniform(0, whole_seconds)))
                figures["kills"] += 1
            _run(request)
            found, charged = _read(request)
            figures["runs_killed"] += 1
            figures["resumes_identical"] += found == expected
            figures["charged_twice"] += len(charged) - len(set(charged))
    return figures


def _started(request: SearchRequest) -> subprocess.Popen[bytes]:
    """The search in a process of its own, whose temporary files tell its descendants from all others."""
    scratch = request.out.parent / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    quiet = subprocess.DEVNULL
    environment = os.environ | {"TMPDIR": str(scratch)}
    return subprocess.Popen(command_line(request), stdout=quiet, stderr=quiet, env=environment, start_new_session=True)


def _run(request: SearchRequest) -> None:
    if code := _started(request).wait():
        raise RuntimeError(f"the search ended with exit code {code}")


def _killed_after(request: SearchRequest, seconds: float) -> int:
    """Kill the search, and count what of it is still there a second later."""
    process = _started(request)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)  # it may be done before
        return 0
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(GRACE_SECONDS)
    return sum(1 for _ in _descendants(request))


def _descendants(request: SearchRequest) -> Iterator[int]:
    """Processes that were told of the search's scratch folder."""
    mark = str(request.out.parent / "scratch").encode()
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdecimal() and mark in (entry / "cmdline").read_bytes():
                yield int(entry.name)


def _read(request: SearchRequest) -> tuple[list[Entry], list[int]]:
    """The ledger, and the attempts that were charged."""
    with load_run(request.out) as run:
        return ledger(run), [spend.attempt for spend in run.spend_by_attempt() if spend.attempt is not None]
