"""The Seatbelt profile of a job, and the command that puts it on.

A profile is a program in Apple's own rule language, which Apple documents no further than `man sandbox-exec` and the
profiles in /System/Library/Sandbox/Profiles. Every path is handed over as a parameter (`-D NAME=PATH`), never written
into the text, so that no name of a folder can become a rule. Not yet tested on a Mac: the canaries decide.
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from archgraft.sandbox.installation import installation

PROGRAM = Path("/usr/bin/sandbox-exec")
SYSTEM_FOLDERS = (
    "/System/Library",
    "/System/Volumes/Preboot/Cryptexes",
    "/usr/lib",
    "/usr/share/zoneinfo",
    "/usr/share/zoneinfo.default",
    "/private/var/db/timezone",
    "/private/var/db/dyld",
)
"""Libraries of the system, which every program maps, and time zones."""
PACKAGE_MANAGERS = (
    "/opt/homebrew/opt",
    "/opt/homebrew/Cellar",
    "/usr/local/opt",
    "/usr/local/Cellar",
    "/opt/local/lib",
)
"""Where a Python of Homebrew or MacPorts finds the libraries it was built with."""
FRAMEWORK_PYTHON = "Resources/Python.app/Contents/MacOS/Python"
"""What the `python3` of a framework build starts in its place."""
METAL_CLASSES = (
    "AGXDeviceUserClient",
    "AGXSharedUserClient",
    "AGXCommandQueue",
    "IOSurfaceRootUserClient",
    "IOSurfaceAcceleratorClient",
)
"""Doors to the GPU, for the device mps: the job is given it like any GPU that archgraft sees."""


def command(
    scratch: Path, readable: Sequence[Path], inner: Sequence[str], *, forks: bool, program: Path = PROGRAM
) -> list[str]:
    """The command that runs `inner`, a command of this interpreter, confined. Paths are resolved, as Seatbelt asks."""
    folders = [*installation(), *(path.resolve() for path in readable)]
    parameters = {"SCRATCH": scratch.resolve()}
    parameters |= {f"READ_{number}": folder for number, folder in enumerate(folders)}
    executables = interpreter_files()
    parameters |= {f"PYTHON_{number}": file for number, file in enumerate(executables)}
    defined = [part for name, path in parameters.items() for part in ("-D", f"{name}={path}")]
    return [str(program), *defined, "-p", profile(len(folders), len(executables), forks=forks), *inner]


def interpreter_files() -> tuple[Path, ...]:
    """Every file that is executed when this interpreter is started."""
    python = Path(sys.executable)
    found = (python, python.resolve(), Path(sys.base_prefix, FRAMEWORK_PYTHON).resolve())
    return tuple(dict.fromkeys(file for file in found if file.exists()))


def profile(n_readable: int, n_executables: int, *, forks: bool) -> str:
    """The rules, over the parameters SCRATCH, READ_0, READ_1 ... and PYTHON_0, PYTHON_1 ...; the last match decides."""
    pythons = _literals(f'(param "PYTHON_{number}")' for number in range(n_executables))
    readable = "".join(f'\n  (subpath (param "READ_{number}"))' for number in range(n_readable))
    libraries = "".join(f'\n  (subpath "{folder}")' for folder in (*SYSTEM_FOLDERS, *PACKAGE_MANAGERS))
    metal = " ".join(f'(iokit-user-client-class "{name}")' for name in METAL_CLASSES)
    forking = "(allow process-fork)\n(allow signal (target same-sandbox))" if forks else "(allow signal (target self))"
    return f"""\
(version 1)
(deny default)
; Python itself, and no other program.
(allow process-exec {pythons})
{forking}
(allow process-info* (target self))
(allow sysctl-read)
; Whether a file exists can be seen, as names of folders are resolved; contents only below.
(allow file-read-metadata file-test-existence)
; The loader of programs reads the root folder itself.
(allow file-read* file-map-executable
  (literal "/"){libraries}{readable})
(allow file-read* (literal "/dev/random") (literal "/dev/urandom"))
(allow file-read* file-write-data (literal "/dev/null"))
(allow file-read* file-write* file-map-executable (subpath (param "SCRATCH")))
; Or a readable file could be given a second name in the scratch, and be written there.
(deny file-link)
; The GPU.
(allow iokit-open {metal})
(allow iokit-get-properties)
(allow mach-lookup (xpc-service-name "com.apple.MTLCompilerService"))
"""


def _literals(values: Iterable[str]) -> str:
    return " ".join(f"(literal {value})" for value in values)
