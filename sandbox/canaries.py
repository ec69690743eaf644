"""Finds out by trying, in a throwaway child, which layers of isolation really hold on this machine."""

import os
import resource
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from archgraft.sandbox.environment import KNOWN_VARIABLES
from archgraft.sandbox.protocol import Channel, Job, Limits, Message, Outcome, SandboxError

LIMITS = Limits(wall_seconds=30.0, cpu_seconds=20.0, memory_bytes=64 * 2**20, output_bytes=2**20)
CAP_DAC_READ_SEARCH_ONLY = 1 << 2


class CanaryVerdict(StrEnum):
    """What became of a canary's attempt to get out."""

    HELD = "held"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class CanaryReport:
    """One layer: whether it held, and what to do about it where it didn't."""

    layer: str
    verdict: CanaryVerdict
    mend: str
    """Empty when the layer held."""

    @property
    def held(self) -> bool:
        """Whether the layer is really there."""
        return self.verdict is CanaryVerdict.HELD


MENDS = {
    "process group": "a bug of archgraft: report it with the output of `archgraft doctor`",
    "environment": "a bug of archgraft: report it with the output of `archgraft doctor`",
    "descriptors": "a bug of archgraft: report it with the output of `archgraft doctor`",
    "memory limit": "the kernel ignores RLIMIT_DATA; candidates are still watched and killed, but later",
    "privileges": "the kernel refuses to drop capabilities; run archgraft as an ordinary user",
    "network": "allow network namespaces: run as root in a container with CAP_SYS_ADMIN, or as a user with "
    "`sysctl user.max_user_namespaces` above 0 and kernel.apparmor_restrict_unprivileged_userns at 0",
}


def check(run: Callable[[Job, Limits], Outcome] | None = None) -> tuple[CanaryReport, ...]:
    """Send the canaries through `run` (a sandbox of their own when not given). Raises `SandboxError`."""
    if run is None:
        from archgraft.sandbox.supervisor import LocalSandbox

        with LocalSandbox() as sandbox:
            return sandbox.canaries
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        request = Message({"port": port, "foreign_variables": sorted(os.environ.keys() - KNOWN_VARIABLES)})
        outcome = run(Job("archgraft.sandbox.canaries:try_layers", request, label="canaries"), LIMITS)
    if outcome.message is None:
        raise SandboxError(f"the sandbox can't run its own canaries: {outcome.reason}\n{outcome.log}")
    held = outcome.message.header
    return tuple(_report(layer, held.get(layer) is True) for layer in MENDS)


def _report(layer: str, held: bool) -> CanaryReport:
    return CanaryReport(layer, CanaryVerdict.HELD if held else CanaryVerdict.OPEN, "" if held else MENDS[layer])


def tier_of(reports: Sequence[CanaryReport]) -> str:
    """The name of the isolation that the canaries found. Raises `SandboxError` when even the least is missing."""
    held = {report.layer for report in reports if report.held}
    if missing := {"process group", "environment"} - held:
        raise SandboxError(f"the sandbox's {' and '.join(sorted(missing))} canary got out; run `archgraft doctor`")
    return "process+no-network" if "network" in held else "process"


def try_layers(channel: Channel) -> Message:
    """Entry point, in the child: tries each layer from inside and says which held."""
    port, foreign = channel.request.header["port"], channel.request.header["foreign_variables"]
    assert isinstance(port, int)
    assert isinstance(foreign, list)
    return Message(
        {
            "process group": os.getpgid(0) == os.getpid() == os.getsid(0),
            "environment": not os.environ.keys() & set(foreign),
            "descriptors": _n_descriptors() <= 4,
            "memory limit": _memory_is_limited(),
            "privileges": _privileges_are_dropped(),
            "network": not _reaches(port),
        }
    )


def _n_descriptors() -> int:
    names = os.listdir("/proc/self/fd")  # noqa: PTH208 - only counted
    return len(names) - 1  # listing opens one


def _memory_is_limited() -> bool:
    try:
        np.empty(2 * LIMITS.memory_bytes, np.uint8)
    except MemoryError:
        return resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
    return False


def _privileges_are_dropped() -> bool:
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return (
        int(lines["CapEff"], 16) | CAP_DAC_READ_SEARCH_ONLY == CAP_DAC_READ_SEARCH_ONLY
        and int(lines["NoNewPrivs"]) == 1
    )


def _reaches(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2.0):
            return True
    except OSError:
        return False
