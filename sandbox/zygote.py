"""The program that forks one child per job: torch is imported here once, and nothing is ever computed.

Run as `python -P -s -m archgraft.sandbox.zygote SETUP`, a JSON object (`Setup`). It first enters the namespaces that
the machine allows and finds out which layers its children can put on (`layers/plan.py`). A `start` packet carries a
job's number, its limits, and two descriptors (the job's socket, the log's pipe); `kill` names a job. Back come `ready`,
`started` (pid), `exited` (status and use) and `failed`. When the supervisor is gone, so is everything here: the
children are killed, the scratch folder is removed.
"""

import contextlib
import fcntl
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import archgraft.sandbox.environment  # noqa: F401 - remembers the variables as they are before torch sets its own
from archgraft.sandbox import large_pages
from archgraft.sandbox.layers import granted_paths, identity, kernel, landlock, namespaces
from archgraft.sandbox.layers.confine import Assignment
from archgraft.sandbox.layers.plan import Plan, make_plan
from archgraft.sandbox.process_tree import child_pids, memory_bytes

MAX_PACKET_BYTES = 2**16
JOBS_PER_ZYGOTE = 4096
STRAY_SECONDS = 0.01
HOME_BYTES = 16 * 2**20
IDLE_SECONDS = 0.25
"""How often to look whether the supervisor is still there, besides being told by the end of its socket."""


@dataclass(frozen=True)
class Setup:
    """What the supervisor tells its zygote."""

    control: int
    """Descriptor of a sequenced-packet socket."""
    outside: int
    """Descriptor of the folder in which the scratch folder lies, as it is outside of any namespace."""
    scratch: str
    preload: tuple[str, ...]
    without: tuple[str, ...]
    """Layers to leave out."""
    trial_group: tuple[int, ...]
    """Descriptors by which to join a control group that is there to be tried out."""
    group_folders: tuple[tuple[int, str], ...]
    """Where the jobs' control groups are: each a descriptor of a folder outside, and a name in it."""
    wrapped: bool = False
    """Whether this is inside bubblewrap already."""

    def command(self) -> list[str]:
        """What starts a zygote with this setup."""
        return [sys.executable, "-P", "-s", "-m", "archgraft.sandbox.zygote", json.dumps(asdict(self))]


@dataclass(frozen=True)
class Running:
    """A job with a living first process."""

    job: int
    scratch: Path


@dataclass
class Zygote:
    """Forks, kills and reaps. One thread, always."""

    control: socket.socket
    plan: Plan
    wrapped: bool
    parent_pid: int
    any_forks: bool = False
    """Whether a job has ever been allowed to start processes."""
    running: dict[int, Running] = field(default_factory=dict)
    """By the process id of each living job's first process."""
    ended: list[dict[str, Any]] = field(default_factory=list)
    """Reports held back until the job's last stray process is gone."""

    def serve(self) -> None:
        """Answer the supervisor until it is gone."""
        woken, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.report(
            event="ready",
            memory_bytes=memory_bytes(os.getpid()),
            wrapped=self.wrapped,
            capped=self.plan.world.has_mounts,
            grouped=self.plan.control_groups,
            limits_whole_jobs=self.plan.limits_whole_jobs,
            compile_refusal=self.plan.compiling.refusal,
        )
        while os.getppid() == self.parent_pid:
            patience = STRAY_SECONDS if self.ended else IDLE_SECONDS
            ready, _, _ = select.select([self.control.fileno(), woken], [], [], patience)
            if woken in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(woken, MAX_PACKET_BYTES)
            if woken in ready or self.ended:
                self.reap()
            if self.control.fileno() in ready and not self.obey():
                return

    def report(self, **packet: Any) -> None:
        """Tell the supervisor; when it is gone, the loop finds out by itself."""
        with contextlib.suppress(OSError):
            self.control.send(json.dumps(packet).encode())

    def obey(self) -> bool:
        """Do what one packet says; False when the supervisor has hung up."""
        raw, descriptors, _, _ = socket.recv_fds(self.control, MAX_PACKET_BYTES, 4)
        if not raw:
            return False
        packet = json.loads(raw)
        try:
            if packet["do"] == "start":
                self.start(packet, descriptors)
            else:
                self.kill(packet["job"])
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return True

    def start(self, packet: dict[str, Any], descriptors: list[int]) -> None:
        """Fork a job's child."""
        from archgraft.sandbox.child import Descriptors, run_child  # it imports torch, which waits for the namespaces

        given = packet["assignment"]
        given |= {"scratch": Path(given["scratch"]), "readable": tuple(map(Path, given["readable"]))}
        assignment = Assignment(**given)
        self.any_forks |= assignment.forks
        job_socket, log, *group = descriptors
        own_pid = os.getpid()
        try:
            require_one_thread()
            uid = self.prepare(assignment)
            rules = self.rules(assignment)
            pid = os.fork()
        except (OSError, RuntimeError) as error:
            self.report(event="failed", job=assignment.job, reason=str(error))
            return
        if pid == 0:
            run_child(self.plan, uid, own_pid, Descriptors(job_socket, log, rules, tuple(group)), assignment)
        if rules is not None:
            os.close(rules)
        self.running[pid] = Running(assignment.job, assignment.scratch)
        self.report(event="started", job=assignment.job, pid=pid)

    def prepare(self, assignment: Assignment) -> int | None:
        """Give a job its scratch; the user that it is to be, where it is one of its own."""
        uid = None
        if self.plan.own_identity and all(map(identity.somebody_can_read, assignment.readable)):
            uid = identity.own_uid_for(os.getpid() * JOBS_PER_ZYGOTE + assignment.job)
        owner = os.getuid() if uid is None else uid
        if self.plan.world.has_mounts:
            maps_code = assignment.compiles
            namespaces.mount_scratch(assignment.scratch, assignment.file_bytes, owner, maps_code=maps_code)
        elif uid is not None:
            os.chown(assignment.scratch, uid, uid)
        return uid

    def rules(self, assignment: Assignment) -> int | None:
        """A Landlock ruleset for a job, made here, where all that it takes is in memory already."""
        if not self.plan.landlock_abi:
            return None
        grants = granted_paths.grants_for(assignment.scratch, assignment.readable, programs=assignment.compiles)
        return landlock.ruleset(self.plan.landlock_abi, grants)

    def kill(self, job: int) -> None:
        """Kill a job's process group; what left the group is caught when it becomes ours."""
        for pid, running in self.running.items():
            if running.job == job:
                kill_group(pid)

    def reap(self) -> None:
        """Collect ended children, and kill every orphan that a job left behind, group or no group."""
        while (pid := ended_child()) is not None:
            if pid in self.running:
                kill_group(pid)  # before it is reaped, while its number can't belong to anybody else
            _, status, use = os.wait4(pid, 0)
            if (ended := self.running.pop(pid, None)) is not None:
                if self.plan.world.has_mounts:
                    namespaces.unmount_scratch(ended.scratch)
                cpu_seconds, peak_bytes = use.ru_utime + use.ru_stime, use.ru_maxrss * 1024
                self.ended.append(
                    {"event": "exited", "job": ended.job, "status": status, "cpu": cpu_seconds, "peak": peak_bytes}
                )
        strays = self.strays()
        for pid in strays:
            kill_one(pid)
        if not strays:  # else look again soon: those that were adopted by another die without a word to us
            for packet in self.ended:
                self.report(**packet)
            self.ended.clear()

    def strays(self) -> list[int]:
        """The living processes that jobs have left behind. None where jobs can't start any."""
        if (self.plan.seccomp and not self.any_forks) or not has_children():
            return []
        init = self.plan.world.init_pid
        adopted = child_pids(init) if init is not None else []
        return [pid for pid in (*child_pids(os.getpid()), *adopted) if pid not in self.running and pid != init]

    def end(self) -> None:
        """Kill all, wait until all is gone, and uncover the folders, which could not be removed otherwise."""
        signal.set_wakeup_fd(-1)
        for pid in self.running:
            kill_group(pid)
        while True:
            for pid in child_pids(os.getpid()):
                kill_one(pid)
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                break
        if self.plan.world.has_mounts:
            covered = [Path.cwd(), *(running.scratch for running in self.running.values())]
            os.chdir("/")
            for folder in covered:
                namespaces.unmount_scratch(folder)


def has_children() -> bool:
    """Whether any process is below this one: far cheaper than to list them."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def ended_child() -> int | None:
    """The process id of a child that has ended and is not yet reaped."""
    try:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return found.si_pid if found else None


def kill_group(pid: int) -> None:
    """Kill a job's process, and its group where it has come so far as to have one."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    kill_one(pid)


def kill_one(pid: int) -> None:
    """Kill one process that may already be gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def remove_groups(place: int, name: str) -> None:
    """Remove the empty control groups in a folder, and the folder; the supervisor may be doing the same."""
    with contextlib.suppress(OSError):
        folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=place)
        for entry in os.listdir(folder):  # noqa: PTH208 - by descriptor
            with contextlib.suppress(OSError):  # the folder's own files, too, which can't be removed
                os.rmdir(entry, dir_fd=folder)
        os.rmdir(name, dir_fd=place)


def require_one_thread() -> None:
    """Forking a process with more than one thread can hang the child. Raises `RuntimeError`."""
    n_threads = len(os.listdir("/proc/self/task"))  # noqa: PTH208 - only counted
    if n_threads != 1:
        raise RuntimeError(f"the zygote must have one thread before it forks, but has {n_threads}")


def preload(modules: list[str]) -> None:
    """Import what jobs will need, and give every child the same state of every generator."""
    for name in modules:
        importlib.import_module(name)
    import numpy as np
    import torch

    import archgraft.sandbox.child  # noqa: F401 - so that no child has to

    np.random.seed(0)  # noqa: TID251 - the legacy global state, which mined code may read
    torch.manual_seed(0)
    gc.collect()
    gc.freeze()  # a collection in a child would copy every page that it touches
    large_pages.collapse()


@contextlib.contextmanager
def ended_by_hang_up(control: socket.socket) -> Iterator[None]:
    """End this process as soon as the supervisor hangs up, whatever it is doing: imports hear of nothing for seconds.

    The kernel does it, by a signal that nobody handles. What is left on the disk is found by the next sandbox.
    """
    fcntl.fcntl(control, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(control, fcntl.F_GETFL)
    fcntl.fcntl(control, fcntl.F_SETFL, flags | os.O_ASYNC)
    if select.select([control], [], [], 0)[0]:  # it was gone before
        os._exit(1)
    try:
        yield
    finally:
        fcntl.fcntl(control, fcntl.F_SETFL, flags)


def main() -> None:
    """Confine, import, serve, clean up."""
    setup = Setup(**json.loads(sys.argv[1]))
    with socket.socket(fileno=setup.control) as control:
        kernel.adopt_orphans()
        os.environ.pop("PWD", None)  # bubblewrap sets it
        parent_pid = os.getppid()
        with ended_by_hang_up(control):
            restart = replace(setup, wrapped=True).command()
            plan = make_plan(setup.without, restart, setup.trial_group, wrapped=setup.wrapped)
            for entry in setup.trial_group:
                os.close(entry)
            if plan.world.has_mounts:
                namespaces.mount_scratch(Path.cwd(), HOME_BYTES, os.getuid())  # imports look for a folder to write to
                os.chdir(Path.cwd())
            preload(list(setup.preload))  # when it fails, the scratch folder keeps the traceback for the supervisor
        zygote = Zygote(control, plan, setup.wrapped, parent_pid)
        try:
            zygote.serve()
        finally:
            zygote.end()
            # By the outside folder: in here, most is read-only, and the jobs' folders are covered by others.
            shutil.rmtree(Path(setup.scratch).name, ignore_errors=True, dir_fd=setup.outside)
            for place, name in setup.group_folders:
                remove_groups(place, name)
            sys.stderr.flush()
        os._exit(0)  # all is done: torch takes half a second to take itself apart


if __name__ == "__main__":
    main()
