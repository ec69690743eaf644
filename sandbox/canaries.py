"""Finds out by trying, in a throwaway child, which layers of isolation really hold on this machine."""

import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from archgraft.sandbox.environment import KNOWN_VARIABLES
from archgraft.sandbox.layers.compile_refusals import NOT_CONFINED
from archgraft.sandbox.protocol import Job, Json, Limits, Message, Outcome, SandboxError
from archgraft.sandbox.scratch import scratch_folder

LIMITS = Limits(wall_seconds=30.0, cpu_seconds=20.0, memory_bytes=64 * 2**20, output_bytes=2**20)
NAMESPACES = ("net", "ipc", "uts", "mnt", "pid")


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
    by_bubblewrap: bool = False
    """Whether bubblewrap made the layer."""

    @property
    def held(self) -> bool:
        """Whether the layer is really there."""
        return self.verdict is CanaryVerdict.HELD


DEFECT = "a defect of archgraft: report it with the output of `archgraft doctor`"
COMPILING = "torch.compile for the CPU starts a compiler, which"
MENDS = {
    "process group": DEFECT,
    "environment": DEFECT,
    "descriptors": DEFECT,
    "memory limit": "the kernel ignores RLIMIT_DATA; candidates are still watched and killed, but later",
    "privileges": "the kernel refuses to drop capabilities; run archgraft as an ordinary user",
    "files": "needs Landlock: Linux 5.13 or newer, with `landlock` in the kernel's lsm= list; in a container, a "
    "runtime whose seccomp profile lets the landlock_* calls through",
    "system calls": "needs seccomp filters (CONFIG_SECCOMP_FILTER) on x86-64 or aarch64",
    "network": "needs the layer `system calls`, or namespaces",
    "namespaces": "install bubblewrap, or allow user namespaces: `sysctl user.max_user_namespaces` above 0 and "
    "kernel.apparmor_restrict_unprivileged_userns at 0; in a container, run it with CAP_SYS_ADMIN",
    "own user": "run archgraft as an ordinary user, or as root with CAP_SETUID and more than one user id mapped",
    "threads": "threads are counted for each job where it is a user of its own or has a user namespace; elsewhere the "
    "watchdog counts them, a little later",
    "control group": "needs a control group that is delegated: `systemd-run --user --scope archgraft ...`, or as root; "
    "elsewhere memory is limited for each process, and for the job by the watchdog",
    "compiling": f"{COMPILING} {NOT_CONFINED}",
}
OPTIONAL = ("own user", "threads", "control group", "compiling")
"""What no tier needs."""
LEAST = ("process group", "environment")
TIER_B = (*LEAST, "descriptors", "privileges", "memory limit", "files", "system calls", "network")
TIER_A = (*TIER_B, "namespaces")
TIER_S = (*LEAST, "descriptors", "files", "programs", "signals", "network", "services")
"""What `darwin/canaries.py` tries; Linux has no canary for programs, signals and services of their own."""
ALLOW_WEAK = "--allow-weak-sandbox, or the setting sandbox.allow_weak=true"
DESCRIPTIONS = {
    "A": "namespaces, Landlock, seccomp and limits",
    "A'": "bubblewrap's namespaces, Landlock, seccomp and limits",
    "B": "Landlock, seccomp and limits",
    "S": "macOS's Seatbelt and limits; written without a Mac at hand and not yet tested on one",
    "C": "weak: a process of its own with limits, but open files or system calls",
}


def check(
    run: Callable[[Job, Limits], Outcome],
    *,
    wrapped: bool = False,
    grouped: bool = False,
    compile_refusal: str = NOT_CONFINED,
) -> tuple[CanaryReport, ...]:
    """Send the canaries through `run`. Raises `SandboxError`.

    Of what `run` uses, `wrapped` says that bubblewrap made its namespaces, `grouped` that a control group has killed a
    process for its memory, and `compile_refusal` why no job may compile.
    """
    with socket.create_server(("127.0.0.1", 0)) as server, scratch_folder() as folder:
        port = server.getsockname()[1]
        request = Message({"port": port, **foreign_variables(), **_namespaces(), **decoys(folder / "decoys")})
        outcome = run(Job("archgraft.sandbox.canary_jobs:try_layers", request, label="canaries"), LIMITS)
    if outcome.message is None:
        raise SandboxError(f"the sandbox can't run its own canaries: {outcome.reason}\n{outcome.log}")
    held = {**outcome.message.header, "control group": grouped, "compiling": not compile_refusal}
    mends = MENDS | {"compiling": f"{COMPILING} {compile_refusal}"}
    return tuple(_report(layer, held.get(layer) is True, mend, wrapped) for layer, mend in mends.items())


def foreign_variables() -> dict[str, Json]:
    """Variables of this process that no child should have."""
    variables: list[Json] = [*sorted(os.environ.keys() - KNOWN_VARIABLES)]
    return {"foreign_variables": variables}


def _namespaces() -> dict[str, Json]:
    spaces: dict[str, Json] = {name: str(Path(f"/proc/self/ns/{name}").readlink()) for name in NAMESPACES}
    return {"namespaces": spaces}


def decoys(folder: Path) -> dict[str, Json]:
    """A folder and a file that any user may read and write, unless a layer says otherwise."""
    folder.mkdir()
    folder.chmod(0o777)
    secret = folder / "secret"
    secret.write_text("secret")
    secret.chmod(0o666)
    return {"folder": str(folder), "secret": str(secret)}


def _report(layer: str, held: bool, mend: str, wrapped: bool) -> CanaryReport:
    by_bubblewrap = held and wrapped and layer == "namespaces"
    verdict = CanaryVerdict.HELD if held else CanaryVerdict.OPEN
    return CanaryReport(layer, verdict, "" if held else mend, by_bubblewrap)


def tier_of(reports: Sequence[CanaryReport], *, allow_weak: bool = False) -> str:
    """The name of the isolation that the canaries found: A, A', B, S on macOS, or, where it is allowed, C.

    Raises `SandboxError` when even the least is missing, and for C unless it is allowed.
    """
    held = {report.layer for report in reports if report.held}
    if missing := set(LEAST) - held:
        raise SandboxError(f"the sandbox's {' and '.join(sorted(missing))} canary got out; run `archgraft doctor`")
    if held.issuperset(TIER_A):
        return "A'" if any(report.by_bubblewrap for report in reports) else "A"
    if held.issuperset(TIER_B):
        return "B"
    if held.issuperset(TIER_S):
        return "S"
    if allow_weak:
        return "C"
    tried = {report.layer for report in reports}
    names = ", ".join(layer for layer in (TIER_S if tried.issuperset(TIER_S) else TIER_B) if layer not in held)
    raise SandboxError(
        f"this machine can't confine foreign code: open are {names} (tier C). `archgraft doctor` says what to do; "
        f"to run it all the same, at your own risk: {ALLOW_WEAK}"
    )
