"""Without a Mac: what the interpreters, their watchdog and the guardian do, with a stand-in for what confines them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from archgraft.sandbox.conformance import CHECKS, FACTORY_CHECKS, Check, Factory, expect, processes_named, run
from archgraft.sandbox.darwin.supervisor import SeatbeltSandbox
from archgraft.sandbox.protocol import Limits, SandboxError, Verdict

QUICK = {
    "exception_is_reported",
    "a_job_that_may_fork_does_and_leaves_nothing",
    "endless_loop_is_killed_with_descendants",
    "files_are_limited",
    "user_code_is_importable",
}
"""The others take a second each, or import torch."""
EACH = [
    pytest.param(check, id=check.__name__, marks=() if check.__name__ in QUICK else pytest.mark.slow)
    for check in CHECKS
]
WAIT_SECONDS = 30.0
STARTS_AN_ENDLESS_JOB = """
import sys
from pathlib import Path
from archgraft.sandbox.conformance import run
from archgraft.sandbox.darwin.supervisor import SeatbeltSandbox
with SeatbeltSandbox(allow_weak=True, program=Path(sys.argv[1])) as sandbox:
    run(sandbox, "sleep_with_descendants", mark=sys.argv[2], then="spin")
"""


@pytest.mark.parametrize("check", EACH)
def test_all_but_seatbelt_conforms(unconfined: SeatbeltSandbox, check: Check) -> None:
    check(unconfined)


@pytest.mark.parametrize("check", FACTORY_CHECKS, ids=lambda check: str(check.__name__))
def test_sandboxes_conform(stand_in: Path, check: Callable[[Factory], None]) -> None:
    check(lambda: SeatbeltSandbox(allow_weak=True, program=stand_in))


def test_a_profile_that_confines_nothing_is_found_out_and_refused(unconfined: SeatbeltSandbox, stand_in: Path) -> None:
    open_layers = {row.layer for row in unconfined.canaries if not row.held}
    assert open_layers == {"files", "programs", "signals", "network", "services"}
    assert all(row.mend for row in unconfined.canaries if not row.held)
    assert unconfined.tier == "C"
    with SeatbeltSandbox(program=stand_in) as sandbox, pytest.raises(SandboxError, match=r"files, programs, .*weak"):
        run(sandbox, "echo")


def test_the_watchdog_sees_memory_that_the_kernel_does_not_limit(unconfined: SeatbeltSandbox) -> None:
    limits = Limits(memory_bytes=256 * 2**20)
    expect(run(unconfined, "allocate_shared", limits), Verdict.OUT_OF_MEMORY, "256 MiB")


@pytest.mark.parametrize("program", ["/no/such/sandbox-exec", "/bin/false"])
def test_without_a_program_that_confines_nothing_runs(program: str) -> None:
    with SeatbeltSandbox(allow_weak=True, program=Path(program)) as sandbox, pytest.raises(SandboxError):
        run(sandbox, "echo")


def test_nothing_survives_a_killed_supervisor(stand_in: Path) -> None:
    mark = f"ag-{os.getpid()}-kill"[:15]
    command = [sys.executable, "-c", STARTS_AN_ENDLESS_JOB, str(stand_in), mark]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as supervisor:
        assert eventually(lambda: len(processes_named(mark)) == 3)  # itself, its fork, and one that left the group
        scratch = Path(f"/proc/{processes_named(mark)[0]}/cwd").readlink()
        supervisor.send_signal(signal.SIGKILL)
    assert eventually(lambda: not processes_named(mark))
    assert eventually(lambda: not scratch.parent.exists())


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()
