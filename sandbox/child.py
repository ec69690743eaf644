"""A job's child on Linux: confines itself, then serves the job. Runs in the forked child only."""

import faulthandler
import os
import random  # noqa: TID251 - only to set the state that mined code may read
import signal
import socket
import sys
import tempfile
import traceback
from contextlib import suppress
from dataclasses import dataclass
from fcntl import F_DUPFD, fcntl
from pathlib import Path

import torch

from archgraft.sandbox.layers import control_group, namespaces
from archgraft.sandbox.layers.confine import Assignment, confine
from archgraft.sandbox.layers.plan import Plan
from archgraft.sandbox.serving import serve

JOB, RULES = 3, 4
"""Where a child has its two descriptors."""


@dataclass(frozen=True)
class Descriptors:
    """What a child is left with of its zygote's descriptors."""

    job: int
    log: int
    rules: int | None
    """A Landlock ruleset."""
    group: tuple[int, ...]
    """By which it joins its control group."""


def run_child(plan: Plan, uid: int | None, zygote_pid: int, descriptors: Descriptors, assignment: Assignment) -> None:
    """Confine this process, run its job, answer, and end it. Never returns."""
    status = 1
    try:
        connection = _settle(descriptors, assignment.scratch)
        if assignment.compiles:
            namespaces.go_on_apart(plan.compiling.namespaces, zygote_pid)
            os.setsid()
        confine(plan, uid, zygote_pid, RULES if descriptors.rules is not None else None, assignment)
        torch.set_num_threads(assignment.n_threads)
        random.seed(0)  # the standard library draws a new state after each fork
        status = serve(connection)
    except BaseException:  # noqa: BLE001 - the last stop of the process
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _settle(descriptors: Descriptors, scratch: Path) -> socket.socket:
    """Own group, session and folder, and no descriptor but the job's socket, the log, and for now the rules."""
    control_group.join(descriptors.group)
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(descriptors.log, 1)
    os.dup2(descriptors.log, 2)
    # Out of the way first, or one could be overwritten by the other.
    rules = None if descriptors.rules is None else fcntl(descriptors.rules, F_DUPFD, RULES + 1)
    job = fcntl(descriptors.job, F_DUPFD, RULES + 1)
    os.dup2(job, JOB, inheritable=False)
    if rules is not None:
        os.dup2(rules, RULES, inheritable=False)
    first_unused = JOB + 1 if rules is None else RULES + 1
    os.closerange(first_unused, max(map(int, os.listdir("/proc/self/fd"))) + 1)  # noqa: PTH208 - names, not paths
    Path("/proc/self/oom_score_adj").write_text("1000")  # the kernel's first choice, before anything of the user's
    os.chdir(scratch)
    os.environ.pop("TORCHINDUCTOR_CACHE_DIR", None)  # torch._dynamo has chosen one for the zygote
    os.environ["HOME"] = os.environ["TMPDIR"] = tempfile.tempdir = str(scratch)  # what the zygote found is not its
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a text file on a pipe
    faulthandler.enable()
    return socket.socket(fileno=JOB)
