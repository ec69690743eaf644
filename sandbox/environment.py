"""The environment variables that a child process has."""

import os
from pathlib import Path

INHERITED_VARIABLES = frozenset(os.environ)
"""What this process was started with: imports set variables of their own later (torch._dynamo, scikit-learn)."""
PASSED_VARIABLES = (
    "PATH",
    "PYTHONPATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "LD_LIBRARY_PATH",
    "CUDA_VISIBLE_DEVICES",
    "CUDA_HOME",
)
PATH_LISTS = {"PYTHONPATH", "LD_LIBRARY_PATH"}
SET_VARIABLES = {
    # Before numpy is imported, or OpenBLAS starts threads that a fork would lose.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUNBUFFERED": "1",
    # Looked up where the user has no name, as a job's own user has none.
    "USER": "archgraft",
    "LOGNAME": "archgraft",
}
KNOWN_VARIABLES = frozenset(PASSED_VARIABLES) | frozenset(SET_VARIABLES) | {"HOME", "TMPDIR", "PWD"}
"""Bubblewrap sets PWD, and the zygote drops it."""


def clean_environment(scratch: Path) -> dict[str, str]:
    """All that a child may know of the user's environment: no key, no token, no home."""
    passed = {name: os.environ[name] for name in PASSED_VARIABLES if name in os.environ}
    for name in PATH_LISTS & passed.keys():  # a child starts in a folder of its own
        passed[name] = os.pathsep.join(str(Path(entry).absolute()) for entry in passed[name].split(os.pathsep) if entry)
    return passed | SET_VARIABLES | {"HOME": str(scratch), "TMPDIR": str(scratch)}
