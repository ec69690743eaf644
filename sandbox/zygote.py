"""The program that forks one child per job: torch is imported here once, and nothing is ever computed.

Run as `python -P -s -m archgraft.sandbox.zygote FD SCRATCH PID MODULE...`. FD is a sequenced-packet socket to the
supervisor, whose process id is PID. A `start` packet carries a job's number, its limits, and two descriptors (the job's
socket, the log's pipe); `kill` names a job. Back come `ready`, `started` (pid), `exited` (status and use) and `failed`.
When the supervisor is gone, so is everything here: the children are killed, the scratch folder is removed.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archgraft.sandbox import confinement
from archgraft.sandbox.process_tree import child_pids, memory_bytes

MAX_PACKET_BYTES = 2**16
IDLE_SECONDS = 1.0


@dataclass
class Zygote:
    """Forks, kills and reaps. One thread, always."""

    control: socket.socket
    scratch: Path
    supervisor_pid: int
    running: dict[int, int] = field(default_factory=dict)
    """Process id of each living job's first process -> the job's number."""
    ended: list[dict[str, Any]] = field(default_factory=list)
    """Reports held back until the job's last stray process is gone."""

    def serve(self) -> None:
        """Answer the supervisor until it is gone."""
        woken, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.report(event="ready", memory_bytes=memory_bytes(os.getpid()))
        while os.getppid() == self.supervisor_pid:
            ready, _, _ = select.select([self.control.fileno(), woken], [], [], IDLE_SECONDS)
            if woken in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(woken, MAX_PACKET_BYTES)
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
        from archgraft.sandbox.child import ChildLimits, run_child

        own_pid = os.getpid()
        try:
            require_one_thread()
            pid = os.fork()
        except (OSError, RuntimeError) as error:
            self.report(event="failed", job=packet["job"], reason=str(error))
            return
        if pid == 0:
            run_child(own_pid, descriptors[0], descriptors[1], Path(packet["scratch"]), ChildLimits(**packet["limits"]))
        self.running[pid] = packet["job"]
        self.report(event="started", job=packet["job"], pid=pid)

    def kill(self, job: int) -> None:
        """Kill a job's process group; what left the group is caught when it becomes ours."""
        for pid, number in self.running.items():
            if number == job:
                kill_group(pid)

    def reap(self) -> None:
        """Collect ended children, and kill every orphan that a job left behind, group or no group."""
        while (pid := ended_child()) is not None:
            if pid in self.running:
                kill_group(pid)  # before it is reaped, while its number can't belong to anybody else
            _, status, use = os.wait4(pid, 0)
            if (job := self.running.pop(pid, None)) is not None:
                cpu_seconds, peak_bytes = use.ru_utime + use.ru_stime, use.ru_maxrss * 1024
                self.ended.append(
                    {"event": "exited", "job": job, "status": status, "cpu": cpu_seconds, "peak": peak_bytes}
                )
        strays = [pid for pid in child_pids(os.getpid()) if pid not in self.running] if has_children() else []
        for pid in strays:
            kill_one(pid)
        if not strays:  # else the death of each stray calls us again
            for packet in self.ended:
                self.report(**packet)
            self.ended.clear()

    def end(self) -> None:
        """Kill all, wait until all is gone, and remove the scratch folder."""
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
        shutil.rmtree(self.scratch, ignore_errors=True)


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
    gc.freeze()  # a collection in a child would copy every page that it touches


def main() -> None:
    """Confine, import, serve, clean up."""
    descriptor, scratch, supervisor_pid, *modules = sys.argv[1:]
    with socket.socket(fileno=int(descriptor)) as control:
        zygote = Zygote(control, Path(scratch), int(supervisor_pid))
        confinement.adopt_orphans()
        confinement.leave_network()
        preload(modules)  # when it fails, the scratch folder keeps the traceback for the supervisor
        try:
            zygote.serve()
        finally:
            zygote.end()


if __name__ == "__main__":
    main()
