"""A search killed with `kill -9` at random moments and resumed: the same ledger, no orphan, nothing charged twice."""

import contextlib
import math
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from archgraft.agent.search import SearchRequest
from archgraft.agent.store.ledger import Entry, ledger
from archgraft.agent.store.reader import load_run
from archgraft.sandbox.process_tree import tree
from tests.agent.small_search import small_request
from tests.agent.test_resume import command_line

N_TRIALS = 8
KILLS_IN_A_RUN = 5
GRACE_SECONDS = 1.0
"""How long anything may outlive the search."""
LOOK_EVERY_SECONDS = 0.01
PHASES = {"": "killed_in_setup", "searching:": "killed_in_search", "finals:": "killed_in_finals"}
"""By what the search says when a phase begins."""


@dataclass(frozen=True)
class Killed:
    """How far the search had come, and how many of its processes outlived it."""

    phase: str
    n_orphans: int


def kills(n_kills: int, seed: int) -> dict[str, int]:
    """Kill runs of a small search until `n_kills` are reached, up to five times each; compare with an undisturbed one.

    Moments are drawn from the processor time that the undisturbed search took: on a busy machine seconds say little.
    `resumes_identical` counts the runs, of `runs_killed`, whose ledger is that of the undisturbed one.
    """
    generator = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory(prefix="archgraft-kills-") as folder:
        undisturbed = small_request(Path(folder) / "undisturbed", trials=N_TRIALS)
        whole_cpu_seconds = _run(undisturbed)
        expected, _ = _read(undisturbed)
        names = ("kills", *PHASES.values(), "runs_killed", "resumes_identical", "orphans", "left_behind")
        figures = dict.fromkeys((*names, "charged_twice"), 0)
        while figures["kills"] < n_kills:
            request = small_request(Path(folder) / f"run {figures['runs_killed']}", trials=N_TRIALS)
            for _ in range(min(KILLS_IN_A_RUN, n_kills - figures["kills"])):
                killed = _killed_after(request, float(generator.uniform(0, whole_cpu_seconds)))
                if killed is None:
                    break
                figures["kills"] += 1
                figures["orphans"] += killed.n_orphans
                figures[killed.phase] += 1
            _run(request)
            found, charged = _read(request)
            figures["runs_killed"] += 1
            figures["resumes_identical"] += found == expected
            figures["left_behind"] += _n_left_behind(request)
            figures["charged_twice"] += len(charged) - len(set(charged))
            print(f"{figures['kills']} kills: {figures}", flush=True)
    return figures


def _started(request: SearchRequest) -> subprocess.Popen[bytes]:
    """The search in a process of its own, whose temporary files tell its descendants from all others."""
    scratch = _scratch(request)
    scratch.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"TMPDIR": str(scratch)}
    with _log(request).open("wb") as log:
        return subprocess.Popen(command_line(request), stdout=log, stderr=log, env=environment, start_new_session=True)


def _run(request: SearchRequest) -> float:
    """Search to the end. Returns the processor seconds that it took, its sandbox's included."""
    process = _started(request)
    used = _watched(process, math.inf)
    if process.returncode:
        raise RuntimeError(f"the search ended with exit code {process.returncode}:\n{_log(request).read_text()}")
    return used


def _watched(process: subprocess.Popen[bytes], until_cpu_seconds: float) -> float:
    """Wait until a process and those below it have used so much, or it ended. Returns what they were seen to use."""
    used = 0.0
    while process.poll() is None and used < until_cpu_seconds:
        time.sleep(LOOK_EVERY_SECONDS)
        used = max(used, sum(one.cpu_seconds for one in tree(process.pid)))
    return used


def _killed_after(request: SearchRequest, seconds: float) -> Killed | None:
    """Kill the search once it has used so much, and count what of it is there a second later; None when it was done."""
    process = _started(request)
    _watched(process, seconds)
    if process.poll() is not None:
        return None
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(GRACE_SECONDS)
    said = _log(request).read_text()
    phase = next(name for word, name in reversed(PHASES.items()) if word in said)
    return Killed(phase, sum(1 for _ in _descendants(request)))


def _scratch(request: SearchRequest) -> Path:
    return request.out.parent / "scratch"


def _log(request: SearchRequest) -> Path:
    return request.out.parent / "log"


def _n_left_behind(request: SearchRequest) -> int:
    """Temporary files that are there when all is done, in the run's folder and elsewhere."""
    left = [*_scratch(request).iterdir(), *request.out.rglob(".*")]
    if left:
        print("left behind:", *left)
    return len(left)


def _descendants(request: SearchRequest) -> Iterator[int]:
    """Processes that were told of the search's scratch folder."""
    mark = str(_scratch(request)).encode()
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdecimal() and mark in (entry / "cmdline").read_bytes():
                yield int(entry.name)


def _read(request: SearchRequest) -> tuple[list[Entry], list[int]]:
    """The ledger, and the attempts that were charged."""
    with load_run(request.out) as run:
        return ledger(run), [spend.attempt for spend in run.spend_by_attempt() if spend.attempt is not None]
