"""The program that outlives its sandbox by a moment: when archgraft is gone, however it ended, so are its jobs.

Run as `python -P -s -m archgraft.sandbox.darwin.guardian TOKEN SCRATCH`, outside of any confinement. Its standard input
says which process groups begin (`+PID`) and end (`-PID`); when that ends, every group that is left, every process that
carries the token and the scratch folder are removed. macOS has no signal for the death of a parent.
"""

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Iterable

from archgraft.sandbox.darwin.processes import kill_marked

END_SECONDS = 10.0


def groups_left(lines: Iterable[str]) -> set[int]:
    """The groups that have begun and not ended, once there are no more lines."""
    groups: set[int] = set()
    for line in lines:
        pid = int(line[1:])
        if line.startswith("+"):
            groups.add(pid)
        else:
            groups.discard(pid)
    return groups


def main() -> None:
    """Wait for the end of the sandbox, then clean up."""
    token, scratch = sys.argv[1:]
    for pid in groups_left(sys.stdin):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
    kill_marked(token, END_SECONDS)
    shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
