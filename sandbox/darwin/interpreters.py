"""Starts a fresh interpreter for each job and kills it: the `JobHost` of macOS."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from archgraft.sandbox.darwin.processes import ListedProcess, kill_marked, list_processes, marked
from archgraft.sandbox.darwin.profile import command
from archgraft.sandbox.darwin.start import Setup
from archgraft.sandbox.environment import clean_environment
from archgraft.sandbox.job_host import HostLostError, JobUse, RunningJob
from archgraft.sandbox.protocol import Job, Limits, SandboxError

LIST_EVERY_SECONDS = 0.25
END_SECONDS = 10.0
PEAK_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024


class Interpreters:
    """One confined interpreter per job, and a guardian that ends them all when this process is gone.

    `program` is Apple's `sandbox-exec`; tests have a stand-in.
    """

    memory_bytes = 0
    scratch_is_capped = False

    def __init__(self, program: Path) -> None:
        self._program = program
        self._token = secrets.token_hex(8)
        self._scratch = Path(tempfile.mkdtemp(prefix="archgraft-")).resolve()
        self._lock = threading.Lock()
        self._jobs: dict[int, RunningJob] = {}
        self._n_jobs = 0
        self._closed = False
        self._listed: list[ListedProcess] = []
        self._listed_at = -LIST_EVERY_SECONDS
        self._guardian = subprocess.Popen(
            [sys.executable, "-P", "-s", "-m", "archgraft.sandbox.darwin.guardian", self._token, str(self._scratch)],
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in the terminal is not for it
        )

    def start(self, job: Job, limits: Limits, job_socket: socket.socket, log_descriptor: int) -> RunningJob:
        """Start an interpreter. Raises `HostLostError` when closed, `SandboxError` when `sandbox-exec` can't be run, or
        for a job that may compile.
        """
        if job.compiles:
            raise SandboxError(f"{job.label or job.entry} may start a compiler, which needs the sandbox of Linux")
        with self._lock:
            if self._closed:
                raise HostLostError("the sandbox is closed")
            self._n_jobs += 1
            running = RunningJob(self._n_jobs, self._scratch / f"job-{self._n_jobs}")
            running.scratch.mkdir()
            try:
                process = self._spawn(running, job, limits, job_socket, log_descriptor)
            except OSError as error:
                raise SandboxError(f"{self._program} can't be run: {error}; run `archgraft doctor`") from error
            running.pid = process.pid
            self._jobs[running.number] = running
            self._tell_guardian(f"+{process.pid}")
        threading.Thread(target=self._reap, args=(running, process), name="archgraft-job", daemon=True).start()
        return running

    def _spawn(
        self, running: RunningJob, job: Job, limits: Limits, job_socket: socket.socket, log_descriptor: int
    ) -> "subprocess.Popen[bytes]":
        setup = Setup(job_socket.fileno(), limits.cpu_seconds, limits.memory_bytes, limits.file_bytes)
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(limits.n_threads))
        inner = setup.command(self._mark(running))
        return subprocess.Popen(
            command(running.scratch, job.readable, inner, forks=job.forks, program=self._program),
            stdin=subprocess.DEVNULL,
            stdout=log_descriptor,
            stderr=log_descriptor,
            cwd=running.scratch,
            env=clean_environment(running.scratch) | threads,
            pass_fds=(job_socket.fileno(),),
            start_new_session=True,
        )

    def use(self, job: RunningJob) -> JobUse:
        """What a job's processes use, as of the last quarter of a second. Threads are not told."""
        with self._lock:
            if time.monotonic() - self._listed_at > LIST_EVERY_SECONDS:
                self._listed, self._listed_at = list_processes(), time.monotonic()
            listed = self._listed
        found = marked(self._mark(job), listed)
        cpu_seconds = sum(process.cpu_seconds for process in found)
        return JobUse(cpu_seconds, sum(process.memory_bytes for process in found), len(found), n_threads=0)

    def kill(self, job: RunningJob) -> None:
        """Kill a job and all that it started; returns when nothing of it is left. Raises `HostLostError`."""
        if job.over.is_set() or job.pid is None:
            return
        _kill_group(job.pid)
        if not job.over.wait(END_SECONDS):
            raise HostLostError(f"the job's process {job.pid} does not end")

    def forget(self, job: RunningJob) -> None:
        """Remove what a finished job left."""
        with self._lock:
            self._jobs.pop(job.number, None)
        shutil.rmtree(job.scratch, ignore_errors=True)

    def close(self) -> None:
        """End all jobs and the guardian. Safe to call twice, from any thread."""
        with self._lock:
            self._closed = True
            running = list(self._jobs.values())
        for job in running:
            job.fault = job.fault or "the sandbox was closed"
            with contextlib.suppress(HostLostError):
                self.kill(job)
        with contextlib.suppress(OSError):
            assert self._guardian.stdin is not None
            self._guardian.stdin.close()  # it then removes what is left, the scratch too
        self._guardian.wait()

    def _reap(self, job: RunningJob, process: "subprocess.Popen[bytes]") -> None:
        """Wait for a job's first process, then end the others."""
        _, job.status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(job.status)  # it was not `process` that waited
        job.cpu_seconds = used.ru_utime + used.ru_stime
        job.peak_memory_bytes = used.ru_maxrss * PEAK_UNIT_BYTES
        try:
            kill_marked(self._mark(job), END_SECONDS, group=process.pid)
        except SandboxError as error:
            job.fault = str(error)
        finally:
            with self._lock:
                self._tell_guardian(f"-{process.pid}")
            job.over.set()

    def _tell_guardian(self, line: str) -> None:
        """Call with the lock held."""
        if self._guardian.stdin is not None and not self._guardian.stdin.closed:
            with contextlib.suppress(OSError):
                self._guardian.stdin.write(f"{line}\n".encode())
                self._guardian.stdin.flush()

    def _mark(self, job: RunningJob) -> str:
        return f"{self._token}-{job.number}-"


def _kill_group(pid: int) -> None:
    """Kill the group of a job's first process. Its number stays its own as long as anything is left of the group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS refuses where only zombies are left
        os.killpg(pid, signal.SIGKILL)
