"""What a confined job may still read: Python, the installed packages, ours, and a few facts about the machine."""

import os
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from archgraft.sandbox.layers.landlock import DEVICE, READ, SCRATCH, Grant, Right

LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/zoneinfo", "/etc/ld.so.cache")
FACTS = (
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/filesystems",
    "/proc/sys/vm/overcommit_memory",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
    "/dev/urandom",
    "/dev/random",
    "/etc/localtime",
)
PROGRAMS = (
    *("/bin", "/usr/bin", "/usr/local/bin", "/usr/libexec"),
    *("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib"),
)
"""Where the system has what a job that may compile can start: its programs, and the parts of its compiler."""
HEADERS = ("/usr/include", "/usr/local/include", "/etc/alternatives")
OWN_PROCESS = "/proc/self"
NULL_DEVICE = "/dev/null"
GPU_FACTS = (
    "/proc/driver/nvidia",
    "/proc/devices",
    "/proc/modules",
    "/sys/module/nvidia",
    "/sys/module/nvidia_uvm",
    "/sys/bus/pci",
    "/sys/devices",
    "/usr/local/cuda",
    "/usr/share/nvidia",
)
GPU_DEVICES = "nvidia*"


def grants_for(scratch: Path, readable: Sequence[Path], *, programs: bool) -> list[Grant]:
    """Everything for one job: what every job may read, its own sources, and its scratch, the only place to write."""
    own = [*(Grant(path, READ) for path in readable), Grant(scratch, SCRATCH)]
    return [*common_grants(), *(program_grants() if programs else ()), *own]


def own_process_grant() -> Grant:
    """A process's view of itself; added in the process itself, as `/proc/self` means somebody else before the fork."""
    # CUDA names its threads in /proc/self/task/*/comm.
    return Grant(Path(OWN_PROCESS), READ | DEVICE if gpu_devices() else READ)


@cache
def common_grants() -> tuple[Grant, ...]:
    """What every job of this process may read."""
    paths = [*installation(), *map(Path, LIBRARIES), *map(Path, FACTS)]
    devices = gpu_devices()
    if devices:
        paths += map(Path, GPU_FACTS)
    grants = [Grant(path, READ) for path in _outermost(path.resolve() for path in paths)]
    return (*grants, Grant(Path(NULL_DEVICE), DEVICE), *(Grant(device, DEVICE) for device in devices))


@cache
def program_grants() -> tuple[Grant, ...]:
    """What a job that may start programs has besides: those of the system, this interpreter, and headers."""
    programs = [*map(Path, PROGRAMS), Path(sys.executable).resolve()]
    return (*(Grant(path, READ | Right.EXECUTE) for path in programs), *(Grant(Path(path), READ) for path in HEADERS))


@cache
def gpu_devices() -> tuple[Path, ...]:
    """The devices through which a job uses a GPU, where there is one."""
    return tuple(sorted(Path("/dev").glob(GPU_DEVICES)))


@cache
def installation() -> tuple[Path, ...]:
    """The folders where Python and every importable package lie. One that holds the user's home is never granted."""
    own = Path(__file__).parents[2]
    packages = [path for path in own.iterdir() if path.is_dir()]  # each may be a link
    libraries = filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep))
    python = [sys.prefix, sys.base_prefix, sys.exec_prefix, *filter(None, sys.path), *libraries]
    found = (path.resolve() for path in [own, *packages, *map(Path, python)])
    return tuple(_outermost(path for path in found if is_folder(path) and _is_narrow(path)))


def is_folder(path: Path) -> bool:
    """Whether there is a folder that this user can see; `Path.is_dir` raises where a folder above is closed."""
    return os.path.isdir(path)  # noqa: PTH112


def _is_narrow(path: Path) -> bool:
    home = Path(os.path.expanduser(f"~{_user()}")).resolve()  # noqa: PTH111 - by name: HOME is the job's own
    return path not in (home, *home.parents, Path(path.anchor))


def _user() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user that has no name
        return ""


def _outermost(paths: Iterable[Path]) -> list[Path]:
    """The paths without those that lie beneath another of them."""
    kept: list[Path] = []
    for path in sorted(set(paths), key=lambda one: len(one.parts)):
        if not any(path.is_relative_to(other) for other in kept):
            kept.append(path)
    return kept
