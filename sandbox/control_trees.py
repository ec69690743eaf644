"""Where the kernel has its trees of control groups, and a folder in them that is ours.

In version 1 of the interface each controller has a tree of its own. In version 2 (unified) there is one for all, in
which a group that has processes of its own can't divide what it has: there our folder lies beside our own group, or we
leave that group for one below it.

A supervisor's folder is locked for as long as it lives. What lies in one that nobody locks is left over from a killed
supervisor, and is removed by the next.
"""

import contextlib
import fcntl
import os
import secrets
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

CONTROLLERS = ("memory", "pids")
PREFIX = "archgraft-"
LEAF = "supervisor-of-archgraft"
N_TRIES = 20
TRY_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Tree:
    """One of the kernel's trees of groups."""

    own: Path
    """The folder of the group that this process is in."""
    top: Path
    """Where the tree is mounted."""
    controllers: tuple[str, ...]
    unified: bool

    def places(self) -> list[Path]:
        """Where our folder might be, best first."""
        return [self.own, self.own.parent] if self.unified and self.own != self.top else [self.own]


@dataclass(frozen=True, slots=True)
class Claim:
    """A supervisor's folder in one tree, for groups with these controllers."""

    place: Path
    name: str
    controllers: tuple[str, ...]
    unified: bool
    lock: int

    @property
    def folder(self) -> Path:
        """Where the groups of this supervisor's jobs are."""
        return self.place / self.name

    def give_up(self) -> None:
        """Remove the folder with all that is left in it."""
        remove_with_groups(self.folder)
        with contextlib.suppress(OSError):
            os.close(self.lock)


def trees(mounts: str, memberships: str) -> list[Tree]:
    """The trees that could limit memory or tasks, from the texts of /proc/self/mountinfo and /proc/self/cgroup."""
    own_paths: dict[str, str] = {}
    for line in memberships.splitlines():
        _, names, path = line.split(":", 2)
        own_paths |= dict.fromkeys(names.split(","), path)
    found = []
    for line in mounts.splitlines():
        mount, _, system = line.partition(" - ")
        root, top = mount.split()[3:5]
        kind, _, options = system.split(" ", 2)
        offered: Iterable[str] = ()
        own = None
        if kind == "cgroup2":
            own = _below(Path(top), root, own_paths.get(""))
            offered = read_file(own / "cgroup.controllers").split() if own else ()
        elif kind == "cgroup":
            offered = own_paths.keys() & set(options.split(","))
            own = _below(Path(top), root, own_paths[min(offered)]) if offered else None
        useful = tuple(name for name in CONTROLLERS if name in offered)
        if own and useful:
            found.append(Tree(own, Path(top), useful, unified=kind == "cgroup2"))
    return found


def _below(top: Path, root: str, path: str | None) -> Path | None:
    """The folder of a group, where a tree is mounted, or the part of it that begins at `root`."""
    root = root.rstrip("/")
    if path is None or not f"{path}/".startswith(f"{root}/"):
        return None
    return top / path.removeprefix(root).lstrip("/")


def claims() -> list[Claim]:
    """A folder of ours for each controller that this machine delegates to us."""
    found: list[Claim] = []
    for tree in trees(read_file(Path("/proc/self/mountinfo")), read_file(Path("/proc/self/cgroup"))):
        had = {name for claim in found for name in claim.controllers}
        wanted = tuple(name for name in tree.controllers if name not in had)
        if wanted and (claim := claim_in(tree, wanted)):
            found.append(claim)
    return found


def claim_in(tree: Tree, controllers: tuple[str, ...]) -> Claim | None:
    """A folder of ours in a tree; None where that isn't allowed."""
    for place in tree.places():
        with contextlib.suppress(OSError):
            return _claim(place, tree, controllers)
    if tree.unified and read_file(tree.own / "cgroup.procs").split() == [str(os.getpid())]:
        with contextlib.suppress(OSError):
            return _claim_by_stepping_aside(tree, controllers)
    return None


def _claim(place: Path, tree: Tree, controllers: tuple[str, ...]) -> Claim:
    if tree.unified:
        enable(place, controllers)
    remove_leftovers(place)
    while True:
        folder = place / f"{PREFIX}{secrets.token_hex(4)}"
        folder.mkdir(mode=0o700)
        lock = _lock(folder)
        if lock is not None and folder.exists():
            break  # else another supervisor, which starts just now, took it for a leftover
    if tree.unified:
        enable(folder, controllers)
    return Claim(place, folder.name, controllers, tree.unified, lock)


def _claim_by_stepping_aside(tree: Tree, controllers: tuple[str, ...]) -> Claim:
    """Where we are alone in a group that is delegated: live in one below it, so that it may divide what it has."""
    leaf = tree.own / LEAF
    leaf.mkdir(exist_ok=True)
    try:
        write_file(leaf / "cgroup.procs", "0")
        return _claim(tree.own, tree, controllers)
    except OSError:
        with contextlib.suppress(OSError):
            write_file(tree.own / "cgroup.procs", "0")
            leaf.rmdir()
        raise


def enable(folder: Path, controllers: Iterable[str]) -> None:
    """Let the groups below a folder use these controllers (version 2). Raises `OSError`."""
    enabled = read_file(folder / "cgroup.subtree_control").split()
    if missing := [f"+{name}" for name in controllers if name not in enabled]:
        write_file(folder / "cgroup.subtree_control", " ".join(missing))


def remove_leftovers(place: Path) -> None:
    """Kill and remove what killed supervisors have left here."""
    for folder in place.glob(f"{PREFIX}*"):
        lock = _lock(folder)
        if lock is not None:
            remove_with_groups(folder)
            os.close(lock)


def _lock(folder: Path) -> int | None:
    """A lock that the kernel frees when this process ends; None where another living process has it."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
        else:
            return descriptor
    return None


def remove_with_groups(folder: Path) -> None:
    """Kill the members of all groups in a supervisor's folder, and remove it. What can't be removed stays."""
    for _ in range(N_TRIES):
        with contextlib.suppress(OSError):
            for group in [path for path in folder.iterdir() if path.is_dir()]:
                kill_at_once(group)
                kill_one_by_one(group)
                group.rmdir()
            folder.rmdir()
        if not folder.exists():
            return
        time.sleep(TRY_SECONDS)  # a killed process is a member until it has ended


def kill_at_once(group: Path) -> None:
    """Kill every process of a group, where the kernel can do that (version 2, Linux 5.14)."""
    if (switch := group / "cgroup.kill").exists():
        write_file(switch, "1")


def kill_one_by_one(group: Path) -> None:
    """Kill every process of a group that is listed now."""
    for pid in read_file(group / "cgroup.procs").split():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(int(pid), signal.SIGKILL)


def read_file(file: Path) -> str:
    """What a file of the kernel's says; nothing where it isn't there."""
    try:
        return file.read_text()
    except OSError:
        return ""


def write_file(file: Path, text: str) -> None:
    """Tell the kernel something; it takes it in one write. Raises `OSError`."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
