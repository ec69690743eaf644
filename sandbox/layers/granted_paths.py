"""What a confined job may still read: Python, the installed packages, ours, and a few facts about the machine."""

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from archgraft.sandbox.installation import installation, outermost
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
    grants = [Grant(path, READ) for path in outermost(path.resolve() for path in paths)]
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
