"""The canaries of macOS themselves: each tries to get past one part of the profile."""

import ctypes
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from archgraft.sandbox.attempts import fails, files_are_closed, is_refused, reaches, start_process
from archgraft.sandbox.darwin.start import MAX_OPEN_FILES
from archgraft.sandbox.environment import INHERITED_VARIABLES
from archgraft.sandbox.protocol import Channel, Message

SERVICE = b"com.apple.system.notification_center"
"""One that every Mac runs."""


def try_layers(channel: Channel) -> Message:
    """Entry point: tries each layer from inside and says which held."""
    given: Mapping[str, Any] = channel.request.header
    return Message(
        {
            "process group": os.getpgid(0) == os.getpid() == os.getsid(0),
            "environment": not INHERITED_VARIABLES & set(given["foreign_variables"]),
            "descriptors": _n_descriptors() <= 4,
            "files": files_are_closed(Path(given["folder"]), Path(given["secret"])) and fails(_link),
            "programs": is_refused(start_process) and is_refused(_start_program),
            "signals": is_refused(lambda: os.kill(os.getppid(), 0)),
            "network": not reaches(given["port"]) and fails(lambda: _connect(given["socket"])),
            "services": not _finds_service(),
        }
    )


def _n_descriptors() -> int:
    """Counted one by one: the folder that lists them is closed."""
    return sum(not fails(lambda: os.fstat(number)) for number in range(MAX_OPEN_FILES))  # noqa: B023 - called at once


def _link() -> None:
    """A second name, in the scratch, for a file that may be read and not written."""
    os.link(__file__, "linked")


def _start_program() -> None:
    os.waitpid(os.posix_spawn("/usr/bin/true", ["true"], {}), 0)


def _connect(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)


def _finds_service() -> bool:
    """Whether launchd hands out a port of one of the system's services; where there is no launchd, nothing holds."""
    with suppress(AttributeError, ValueError):
        library = ctypes.CDLL(None)
        bootstrap = ctypes.c_uint.in_dll(library, "bootstrap_port")
        port = ctypes.c_uint(0)
        return bool(library.bootstrap_look_up(bootstrap, SERVICE, ctypes.byref(port)) == 0)
    return True
