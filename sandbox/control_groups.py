"""A control group for each job, where the machine delegates them: the kernel's own count of what the job holds.

RLIMIT_DATA counts one process, and the watchdog sees what there is when it looks. A group counts every page when it is
taken, whoever of the job's processes takes it: shared memory, files in memory, and what the kernel holds for it, too.

See cgroups(7), and admin-guide/cgroup-v2.rst and admin-guide/cgroup-v1/memory.rst of the kernel's documentation.
"""

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from archgraft.sandbox import control_trees
from archgraft.sandbox.control_trees import Claim, kill_at_once, read_file, write_file
from archgraft.sandbox.layers.control_group import TRIAL_BYTES
from archgraft.sandbox.layers.resource_limits import MAX_TASKS

SLACK_BYTES = 32 * 2**20
"""What a job's group may hold beyond its limit and its files: a child's own copies of its zygote's pages, and what the
kernel needs for it."""


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """The group of one job: a folder in each of the kernel's trees; in none where none is delegated."""

    folders: tuple[Path, ...] = ()

    def entries(self) -> list[int]:
        """Descriptors through which a process joins; the caller closes them. Raises `OSError`."""
        return [os.open(folder / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC) for folder in self.folders]

    def n_memory_kills(self) -> int:
        """How many of its processes the kernel has killed because the group held all the memory that it may."""
        return self._count("oom_kill", ("memory.events", "memory.oom_control"))

    def n_refused_tasks(self) -> int:
        """How often it was refused a further process or thread."""
        return self._count("max", ("pids.events",))

    def _count(self, what: str, files: Sequence[str]) -> int:
        lines = [line for folder in self.folders for file in files for line in read_file(folder / file).splitlines()]
        return sum(int(line.split()[1]) for line in lines if line.startswith(f"{what} "))

    def kill(self) -> None:
        """Kill all members at once where the kernel can; the zygote kills them in any case."""
        for folder in self.folders:
            kill_at_once(folder)

    def remove(self) -> None:
        """Remove the group, which must be empty; one that isn't yet is removed with its supervisor's folder."""
        for folder in self.folders:
            with contextlib.suppress(OSError):
                folder.rmdir()


@dataclass
class ControlGroups:
    """This supervisor's groups: one per job, made and removed in a fraction of a millisecond."""

    claims: tuple[Claim, ...] = ()

    def create(self, name: str, memory_bytes: int, file_bytes: int) -> ControlGroup:
        """A group for a job; files count too, as its scratch may lie in memory. Raises `OSError`."""
        return self.create_with(name, memory_bytes + file_bytes + SLACK_BYTES)

    def create_with(self, name: str, n_bytes: int) -> ControlGroup:
        """A group that may hold so many bytes in all. Raises `OSError`."""
        for claim in self.claims:
            folder = claim.folder / name
            folder.mkdir()
            if "memory" in claim.controllers:
                limit_memory(folder, n_bytes, unified=claim.unified)
            if "pids" in claim.controllers:
                write_file(folder / "pids.max", str(MAX_TASKS))
        return ControlGroup(tuple(claim.folder / name for claim in self.claims))

    def close(self) -> None:
        """Remove what is left. Safe to call twice."""
        given_up, self.claims = self.claims, ()
        for claim in given_up:
            claim.give_up()


def find() -> tuple[ControlGroups, ControlGroup]:
    """Where this supervisor's groups will be, and one for `layers.control_group.holds_here`.

    Both are nowhere where this machine delegates no control of memory to us.
    """
    groups = ControlGroups(tuple(control_trees.claims()))
    if any("memory" in claim.controllers for claim in groups.claims):
        with contextlib.suppress(OSError):
            return groups, groups.create_with("trial", TRIAL_BYTES)
    groups.close()
    return groups, ControlGroup()


def limit_memory(folder: Path, n_bytes: int, *, unified: bool) -> None:
    """Limit what a group's members hold together, swapped out or not. Raises `OSError`."""
    limit, swap = (
        ("memory.max", "memory.swap.max") if unified else ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
    )
    write_file(folder / limit, str(n_bytes))
    with contextlib.suppress(OSError):  # a kernel that doesn't count what is swapped out
        write_file(folder / swap, "0" if unified else str(n_bytes))
    if unified:
        write_file(folder / "memory.oom.group", "1")
