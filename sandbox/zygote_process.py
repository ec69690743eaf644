"""The supervisor's end of a zygote: starts the process, hands it jobs, hears what became of them."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from archgraft.sandbox import control_groups
from archgraft.sandbox.control_groups import ControlGroup, ControlGroups
from archgraft.sandbox.environment import clean_environment
from archgraft.sandbox.job_host import HostLostError, JobUse, RunningJob
from archgraft.sandbox.opening import require_system
from archgraft.sandbox.process_tree import memory_bytes, runs_another_program, tree
from archgraft.sandbox.protocol import Job, Limits, SandboxError
from archgraft.sandbox.scratch import Scratch
from archgraft.sandbox.zygote import Setup

READY_SECONDS = 180.0
END_SECONDS = 10.0
MAX_PACKET_BYTES = 2**16
LOG_CHARACTERS = 2_000


def open_folder(path: Path) -> int:
    """A descriptor of a folder; inside of namespaces too, it is the folder outside."""
    return os.open(path, os.O_PATH | os.O_DIRECTORY)


class ZygoteProcess:
    """One running zygote: the `JobHost` of Linux. Raises `SandboxError` when it can't be started."""

    def __init__(self, preload: Sequence[str], without: Collection[str] = ()) -> None:
        require_system("linux")
        self.alive = False
        self.memory_bytes = 0
        """What the zygote itself uses; its children start with the same pages, shared."""
        self.wrapped = False
        """Whether bubblewrap made its namespaces."""
        self.scratch_is_capped = False
        """Whether each job's scratch is a file system that can't outgrow its limit, which then nobody has to watch."""
        self.grouped = False
        """Whether control groups hold."""
        self._limits_whole_jobs = False
        self.compile_refusal = ""
        """Why jobs may not compile here; empty when they may."""
        self._job_groups: dict[int, ControlGroup] = {}
        self._groups, self._trial_group = ControlGroups(), ControlGroup()
        if "control groups" not in without:
            self._groups, self._trial_group = control_groups.find()
        self._owned = Scratch()
        self._scratch = self._owned.folder
        self._lock = threading.Lock()
        self._jobs: dict[int, RunningJob] = {}
        self._n_jobs = 0
        self._ready = threading.Event()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = self._spawn(theirs, preload, without)
        self._listener = threading.Thread(target=self._listen, name="archgraft-zygote", daemon=True)
        self._listener.start()
        try:
            self._ready.wait(READY_SECONDS)
        except BaseException:  # Ctrl-C while torch is being imported
            self.close()
            raise
        if not self.alive:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(END_SECONDS)  # it may still be writing why
            said = self._said()
            self.close()
            raise SandboxError(f"the sandbox's zygote did not start; run `archgraft doctor`. It wrote:\n{said}")

    def _spawn(
        self, theirs: socket.socket, preload: Sequence[str], without: Collection[str]
    ) -> "subprocess.Popen[bytes]":
        home = self._scratch / "zygote"
        home.mkdir()
        with contextlib.ExitStack() as held:

            def lend(descriptor: int) -> int:
                held.callback(os.close, descriptor)
                return descriptor

            outside = lend(open_folder(self._scratch.parent))
            group_folders = tuple((lend(open_folder(claim.place)), claim.name) for claim in self._groups.claims)
            trial_group = tuple(map(lend, self._trial_group.entries()))
            scratch = str(self._scratch)
            setup = Setup(theirs.fileno(), outside, scratch, tuple(preload), tuple(without), trial_group, group_folders)
            log = held.enter_context((home / "log").open("wb"))
            return subprocess.Popen(
                setup.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=home,
                env=clean_environment(home),
                pass_fds=(theirs.fileno(), outside, *trial_group, *(place for place, _ in group_folders)),
                start_new_session=True,  # Ctrl-C in the terminal is the supervisor's alone
            )

    def start(self, job: Job, limits: Limits, job_socket: socket.socket, log_descriptor: int) -> RunningJob:
        """Have a child forked. Raises `HostLostError`, and `SandboxError` for what this machine allows no job."""
        if job.compiles and self.compile_refusal:
            raise SandboxError(f"{job.label or job.entry} may start a compiler, which {self.compile_refusal}")
        told = {
            "readable": [str(folder.absolute()) for folder in job.readable],
            "forks": job.forks or job.compiles,
            "compiles": job.compiles,
            "cpu_seconds": limits.cpu_seconds,
            "memory_bytes": limits.memory_bytes,
            "file_bytes": limits.file_bytes,
            "n_threads": limits.n_threads,
        }
        with contextlib.ExitStack() as held:
            try:
                running, group = self._prepare(job, limits)
                told |= {"job": running.number, "scratch": str(running.scratch)}
                packet = json.dumps({"do": "start", "assignment": told}).encode()
                entries = group.entries()
                for entry in entries:
                    held.callback(os.close, entry)
                socket.send_fds(self._control, [packet], [job_socket.fileno(), log_descriptor, *entries])
            except OSError as error:  # an ending zygote removes its folders
                raise HostLostError(str(error)) from error
        return running

    def _prepare(self, job: Job, limits: Limits) -> tuple[RunningJob, ControlGroup]:
        """A folder for a new job, and a control group if its processes' own limits don't cover all that it could take:
        to join one takes longer than all else. Raises `OSError`.
        """
        with self._lock:
            self._n_jobs += 1
            name = f"job-{self._n_jobs}"
            group = ControlGroup()
            if job.forks or job.compiles or not self._limits_whole_jobs:
                group = self._groups.create(name, limits.memory_bytes, limits.file_bytes)
            running = RunningJob(self._n_jobs, self._scratch / name, compiles=job.compiles)
            running.scratch.mkdir()
            self._jobs[running.number] = running
            self._job_groups[running.number] = group
        return running, group

    def use(self, job: RunningJob) -> JobUse:
        """What a job's processes use now, besides the pages that each shares with the zygote."""
        processes = tree(job.pid) if job.pid is not None else []
        return JobUse(
            sum(process.cpu_seconds for process in processes),
            sum(self._memory_bytes(process.pid, job) for process in processes),
            len(processes),
            sum(process.n_threads for process in processes),
        )

    def _memory_bytes(self, pid: int, job: RunningJob) -> int:
        """What a process holds besides the zygote's pages, with which all of a job start but other programs."""
        started_anew = job.compiles and job.pid is not None and runs_another_program(pid, job.pid)
        return max(0, memory_bytes(pid) - (0 if started_anew else self.memory_bytes))

    def kill(self, job: RunningJob) -> None:
        """Kill a job and all that it started; returns when nothing of it is left. Raises `HostLostError`."""
        group = self._job_groups[job.number]
        if not job.over.is_set():
            with contextlib.suppress(OSError):
                group.kill()
                self._control.send(json.dumps({"do": "kill", "job": job.number}).encode())
            if not job.over.wait(END_SECONDS):
                self.close()
                raise HostLostError("the zygote no longer answers")
        job.n_memory_kills, job.n_refused_tasks = group.n_memory_kills(), group.n_refused_tasks()

    def forget(self, job: RunningJob) -> None:
        """Remove what a finished job left."""
        with self._lock:
            self._jobs.pop(job.number, None)
            group = self._job_groups.pop(job.number)
        group.remove()
        shutil.rmtree(job.scratch, ignore_errors=True)

    def close(self) -> None:
        """End the zygote with all its children. Safe to call twice, from any thread."""
        self.alive = False
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if threading.current_thread() is not self._listener:
            self._listener.join(END_SECONDS)
        self._control.close()
        self._groups.close()
        self._owned.remove()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while raw := self._control.recv(MAX_PACKET_BYTES):
                self._hear(json.loads(raw))
        self.alive = False
        self._ready.set()
        with self._lock:
            lost = list(self._jobs.values())
        for job in lost:
            if not job.over.is_set():
                job.fault = "the zygote ended"
                if job.pid is not None:
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.killpg(job.pid, signal.SIGKILL)
                job.over.set()

    def _hear(self, packet: dict[str, Any]) -> None:
        if packet["event"] == "ready":
            self.memory_bytes = packet["memory_bytes"]
            self.wrapped = packet["wrapped"]
            self.scratch_is_capped = packet["capped"]
            self.compile_refusal = packet["compile_refusal"]
            self._limits_whole_jobs = packet["limits_whole_jobs"]
            self.grouped = packet["grouped"]
            if not self.grouped:
                self._groups.close()
            self.alive = True
            self._ready.set()
            return
        with self._lock:
            job = self._jobs.get(packet["job"])
        if job is None:
            return
        if packet["event"] == "started":
            job.pid = packet["pid"]
        elif packet["event"] == "failed":
            job.fault = packet["reason"]
            job.over.set()
        else:
            job.status, job.cpu_seconds, job.peak_memory_bytes = packet["status"], packet["cpu"], packet["peak"]
            job.over.set()

    def _said(self) -> str:
        try:
            return (self._scratch / "zygote" / "log").read_text(errors="replace")[-LOG_CHARACTERS:].strip()
        except OSError:
            return "(nothing)"
