"""The program of one job: a fresh interpreter, confined before its first line, sets its limits and serves the job.

Run by `sandbox-exec` as `python -P -s -m archgraft.sandbox.darwin.start MARK SETUP`, in the job's scratch; the mark is
what the processes of the job are known by, the setup a JSON object (`Setup`).
"""

import faulthandler
import json
import math
import os
import random  # noqa: TID251 - only to set the state that mined code may read
import resource
import socket
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass

import numpy as np

from archgraft.sandbox.serving import serve

MAX_OPEN_FILES = 256


@dataclass(frozen=True, slots=True)
class Setup:
    """What a job's interpreter is told when it is started."""

    job_descriptor: int
    cpu_seconds: float
    memory_bytes: int
    file_bytes: int

    def command(self, mark: str) -> list[str]:
        """What starts an interpreter with this setup."""
        return [sys.executable, "-P", "-s", "-m", "archgraft.sandbox.darwin.start", mark, json.dumps(asdict(self))]


def main() -> None:
    """Set up, serve, end: without what an interpreter does at its end, which the job could have changed."""
    setup = Setup(**json.loads(sys.argv[2]))
    limit_resources(setup)
    tempfile.tempdir = os.environ["TMPDIR"]
    faulthandler.enable()
    # Its kind is told, not asked for: asking is a call that a profile may refuse.
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=setup.job_descriptor)
    connection.set_inheritable(False)
    status = serve(connection, seed_generators)
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


def seed_generators() -> None:
    """Give every job the same state of every generator; torch's, where the job's module has imported torch."""
    random.seed(0)
    np.random.seed(0)  # noqa: TID251 - the legacy global state, which mined code may read
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(0)


def limit_resources(setup: Setup) -> None:
    """What the kernel limits for each process. macOS heeds the one on memory hardly ever: the watchdog does."""
    cpu = max(1, math.ceil(setup.cpu_seconds))
    wanted = {
        resource.RLIMIT_CPU: (cpu, cpu + 1),
        resource.RLIMIT_DATA: (setup.memory_bytes, setup.memory_bytes),
        resource.RLIMIT_FSIZE: (setup.file_bytes, setup.file_bytes),
        resource.RLIMIT_NOFILE: (MAX_OPEN_FILES, MAX_OPEN_FILES),
        resource.RLIMIT_CORE: (0, 0),
    }
    for kind, (soft, hard) in wanted.items():
        ceiling = resource.getrlimit(kind)[1]
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        resource.setrlimit(kind, (soft, hard))


if __name__ == "__main__":
    main()
