"""Bubblewrap around the zygote: for machines that refuse namespaces to us, but allow them to that program.

Some distributions let only programs with a profile of their own make user namespaces; `bwrap` has one. The zygote
starts itself anew inside; what happens there is the same as without.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence

PROGRAM = "bwrap"
START_SECONDS = 10.0
# Without --unshare-pid: the supervisor must know the jobs by the host's numbers. The two capabilities count inside
# only, for the jobs' own numbering and scratch; every child gives them up.
OPTIONS = (
    *("--unshare-user", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
    *("--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_SETPCAP"),
    *("--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev", "--bind", "/proc", "/proc"),
)


def works() -> bool:
    """Whether bubblewrap is installed and can start a program here."""
    if shutil.which(PROGRAM) is None:
        return False
    try:
        command = [PROGRAM, *OPTIONS, "true"]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=START_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def restart_inside(command: Sequence[str]) -> None:
    """Replace this process by bubblewrap with the command inside; open descriptors stay open. Never returns."""
    os.execvp(PROGRAM, [PROGRAM, *OPTIONS, *command])
