"""The command line. A command lives in its own module, imported when that command, or all help, is asked for.

| code | meaning |
| --- | --- |
| 0 | done |
| 1 | a defect in archgraft; the traceback was saved |
| 2 | something that the user can mend |
| 3 | the sandbox is broken |
| 4 | the answer is no: what was asked was looked into, and can't be done or does not hold |
| 130 | interrupted |
"""

import errno
import functools
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import typer

from archgraft.agent.disk_room import full_disk
from archgraft.agent.printable import printable

P = ParamSpec("P")
R = TypeVar("R")

EXIT_DEFECT = 1
EXIT_MENDABLE = 2
EXIT_SANDBOX = 3
EXIT_NO = 4
EXIT_INTERRUPTED = 130

_MENDABLE = (
    ("archgraft.agent.errors", "UsageError"),
    ("archgraft.evaluator.tasks.protocol", "TaskError"),
    ("archgraft.tree_ops.errors", "LibraryError"),
    ("archgraft.tree_ops.errors", "SourceError"),
)
_MACHINE = {
    errno.EACCES: "use a file or folder that you may use",
    errno.EPERM: "use a file or folder that you may use",
    errno.EROFS: "use a folder that can be written",
    errno.EFBIG: "use a disk without such a limit, or raise it (ulimit -f), then run the same command again",
    errno.EIO: "check the disk, then run the same command again",
    errno.ESTALE: "mount the network folder again, then run the same command again",
    errno.EMFILE: "allow more open files (ulimit -n), then run the same command again",
    errno.ENFILE: "allow more open files (fs.file-max), then run the same command again",
    errno.ENAMETOOLONG: "use a shorter name",
}
"""What the machine may refuse, whatever the command, and what to do about it."""
_FULL = (errno.ENOSPC, errno.EDQUOT)
_SANDBOX = (("archgraft.sandbox.protocol", "SandboxError"),)


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """The command, with its failures turned into a message on stderr and an exit code."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except KeyboardInterrupt:
            raise _ended(EXIT_INTERRUPTED, "interrupted") from None
        except Exception as error:  # the command line is one of the three boundaries
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise  # the reader of our output went away: typer ends quietly
            raise _explained(error) from None

    return run


def _explained(error: Exception) -> typer.Exit:
    """Say what went wrong, in the words that fit its kind, and give the exit that goes with it."""
    if isinstance(error, _loaded(_MENDABLE)):
        return _ended(EXIT_MENDABLE, str(error))
    if isinstance(error, _loaded(_SANDBOX)):
        advice = "Nothing was scored or charged. Run 'archgraft doctor' to see which layer fails and what to do."
        return _ended(EXIT_SANDBOX, f"the sandbox is broken: {error}\n{advice}")
    if isinstance(error, OSError) and error.errno in _FULL:
        unknown = f"{error.strerror}: free some space where output and files go, then run the same command again"
        place = error.filename
        return _ended(EXIT_MENDABLE, unknown if place is None else full_disk(Path(os.fsdecode(place))))
    if isinstance(error, OSError) and error.errno in _MACHINE:
        place = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        return _ended(EXIT_MENDABLE, f"{place}{error.strerror}: {_MACHINE[error.errno]}")
    what = f"a defect in archgraft: {type(error).__name__}: {error}"
    return _ended(EXIT_DEFECT, f"{what}\n{_kept_traceback(error)}")


def _loaded(names: tuple[tuple[str, str], ...]) -> tuple[type[BaseException], ...]:
    """The classes among these whose modules are imported: an error of any other class can't have been raised."""
    return tuple(getattr(sys.modules[module], name) for module, name in names if module in sys.modules)


def _ended(code: int, message: str) -> typer.Exit:
    typer.echo(f"archgraft: {printable(message)}", err=True)  # it may quote names out of other people's archives
    return typer.Exit(code)


def _kept_traceback(error: Exception) -> str:
    """Write the whole traceback, with the command that met it, to a file and name it; where none can be, give it."""
    trace = f"{' '.join(sys.argv)}\n\n{''.join(traceback.format_exception(error))}"
    name = f"archgraft-traceback-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    try:
        path = Path(tempfile.gettempdir()) / name
        path.write_text(trace, encoding="utf-8")
    except OSError as refused:
        return f"The traceback could not be saved ({refused.strerror}):\n{trace}"
    return f"The traceback is in {path}"
