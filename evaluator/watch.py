"""Notices what code of a network has no business to do: files, network, processes, threads, output. Child side.

Python's own audit events tell of most of it. What mined code does through a library counts; what an `import` does for
it does not. A hook can't be removed again: the child is thrown away afterwards.
"""

import io
import os
import sys
from collections.abc import Callable
from typing import Any, TextIO

from archgraft.evaluator.mined_frames import AT_IMPORT, phase, works_for_compiler

_WRITING = ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod")
_EVENTS: dict[str, str] = {
    **dict.fromkeys(_WRITING, "writes files"),
    **dict.fromkeys(("os.listdir", "os.scandir", "glob.glob"), "reads files"),
    **dict.fromkeys(
        ("socket.__new__", "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname"),
        "touches the network",
    ),
    "urllib.Request": "touches the network",
    **dict.fromkeys(
        ("subprocess.Popen", "os.system", "os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.spawn"),
        "starts processes",
    ),
    **dict.fromkeys(("os.putenv", "os.unsetenv"), "changes the environment"),
    "ctypes.dlopen": "loads a native library",
    "builtins.input": "waits for input",
    **dict.fromkeys(("sys.settrace", "sys.setprofile"), "traces other code"),
}
_CODE = (".py", ".pyc", ".so", os.devnull, "/dev/urandom")
"""What may be read: torch reads sources when it compiles them."""
_CHANNELS = ("/warnings.py", "/logging/__init__.py")
"""Writers that a program can silence: a warning is no print."""
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


class Watch:
    """Keeps what mined code did, from `start` on. There is one in a process."""

    def __init__(self) -> None:
        self.found: dict[str, None] = {}
        """What was noticed, such as `prints when it runs`; each once, in the order in which it happened."""

    def start(self) -> None:
        """Watch from here to the end of the process."""
        sys.stdout = _Listener(sys.stdout, self._heard)
        sys.stderr = _Listener(sys.stderr, self._heard)
        sys.addaudithook(self._audit)

    def note(self, what: str, when: str | None) -> None:
        """Keep one finding, where mined code is at fault."""
        if when is not None:
            self.found.setdefault(f"{what} {when}")

    def _heard(self) -> None:
        self.note("prints", phase(sys._getframe(2), transparent=_CHANNELS))

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        what = _opening(arguments) if event == "open" else _EVENTS.get(event)
        if what is None or (when := phase(sys._getframe(1))) is None:
            return
        if works_for_compiler(sys._getframe(1)):
            if when == AT_IMPORT:  # marking a function for the compiler is no harm; running one writes and starts much
                return
            what = "compiles code"
        self.note(what, when)


class _Listener(io.TextIOBase):
    """Standard output or error that tells when something is written."""

    def __init__(self, stream: TextIO, heard: Callable[[], None]) -> None:
        self._stream, self._heard = stream, heard

    def write(self, text: str) -> int:
        if text:
            self._heard()
        return self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()

    def fileno(self) -> int:
        return self._stream.fileno()


def _opening(arguments: tuple[Any, ...]) -> str | None:
    path, mode, flags = arguments
    is_writing = any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool(flags & _WRITE_FLAGS)
    if is_writing:
        return None if path == os.devnull else "writes files"
    return None if isinstance(path, int) or os.fsdecode(path).endswith(_CODE) else "reads files"
