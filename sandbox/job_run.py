"""One job seen from the parent: talks to the child over non-blocking descriptors while watching what it uses."""

import contextlib
import math
import os
import select
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from archgraft.sandbox.disk_use import folder_bytes, nameless_bytes
from archgraft.sandbox.frames import Frame, FrameEndedError, FrameError, FrameTooLargeError, receive_frame, send_frame
from archgraft.sandbox.job_host import HostLostError, JobHost, JobUse, RunningJob
from archgraft.sandbox.process_tree import cpu_seconds
from archgraft.sandbox.protocol import Job, Json, Limits, Message, Outcome, Respond, SandboxError, Verdict

WATCH_SECONDS = 0.05
SCRATCH_WATCH_SECONDS = 0.25
GRACE_SECONDS = 1.0
MAX_ASKS = 10_000
MAX_PROCESSES = 64
MAX_THREADS = 512
READ_BYTES = 2**16
MAX_REASON_CHARACTERS = 300
REPORTED_VERDICTS = {v.value: v for v in (Verdict.OUT_OF_MEMORY, Verdict.DISK, Verdict.THREADS, Verdict.NONFINITE)}


class Stopped(Exception):  # noqa: N818 - control flow inside this file, not an error
    """The job must end with this verdict."""

    def __init__(self, verdict: Verdict, reason: str, log: str = "") -> None:
        super().__init__(reason)
        self.verdict, self.reason, self.log = verdict, reason, log


@dataclass
class LogTail:
    """The end of what a child wrote to its standard output and error."""

    descriptor: int
    max_bytes: int
    tail: bytes = b""
    n_bytes: int = 0

    def drain(self) -> bool:
        """Read what is there; False when nothing was, or the pipe has ended."""
        try:
            data = os.read(self.descriptor, READ_BYTES)
        except BlockingIOError:
            return False
        self.n_bytes += len(data)
        self.tail = (self.tail + data)[-self.max_bytes :] if self.max_bytes else b""
        return bool(data)

    def text(self) -> str:
        """The tail as text; a character cut in half is replaced."""
        return self.tail.decode(errors="replace")


def run_job(host: JobHost, tier: str, job: Job, limits: Limits, respond: Respond | None) -> Outcome:
    """Run one job to its end. Raises `HostLostError`, and what `respond` raises."""
    with contextlib.ExitStack() as held:
        ours, theirs = (held.enter_context(end) for end in socket.socketpair())
        read_end, write_end = os.pipe()
        held.callback(os.close, read_end)
        with theirs, os.fdopen(write_end, "wb"):
            child = host.start(job, limits, theirs, write_end)
            held.callback(host.forget, child)
            held.callback(_kill_quietly, host, child)
        ours.setblocking(False)
        os.set_blocking(read_end, False)
        log = LogTail(read_end, limits.log_bytes)
        return JobRun(host, child, ours, log, job, limits, tier).finish(respond)


def _kill_quietly(host: JobHost, child: RunningJob) -> None:
    """Kill a child on the way out of an exception, which must not be hidden by another."""
    with contextlib.suppress(HostLostError):
        host.kill(child)


@dataclass
class JobRun:
    """A running child. `finish` drives it to its end and gives its outcome; the caller then kills what is left."""

    host: JobHost
    child: RunningJob
    connection: socket.socket
    log: LogTail
    job: Job
    limits: Limits
    tier: str
    started: float = field(default_factory=time.monotonic)
    n_bytes_received: int = 0
    peak_memory_bytes: int = 0
    seen_cpu_seconds: float = 0.0
    """Of all its processes, when the watchdog last looked: what is killed tells nobody what it has used."""
    ready_seconds: float = 0.0
    n_asks: int = 0
    idle_cpu_seconds: float = 0.0
    _watched: float = field(default_factory=time.monotonic)
    _scratch_watched: float = field(default_factory=time.monotonic)

    def finish(self, respond: Respond | None) -> Outcome:
        """Talk with the child to its end. Raises what `respond` raises, and `HostLostError`."""
        message: Message | None = None
        try:
            message = self._converse(respond)
            verdict, reason, said = Verdict.OK, "", ""
            self.child.over.wait(GRACE_SECONDS)  # a clean end tells what was used
        except Stopped as stop:
            verdict, reason, said = stop.verdict, stop.reason, stop.log
        wall_seconds = time.monotonic() - self.started
        self.host.kill(self.child)
        if verdict is not Verdict.OK:
            verdict, reason = self._as_its_host_tells(verdict, reason)
        if self.child.fault:
            raise HostLostError(self.child.fault)
        while self.log.drain():
            pass
        peak = max(self.peak_memory_bytes, self.child.peak_memory_bytes - self.host.memory_bytes)
        log = (self.log.text() + said)[-max(self.limits.log_bytes, 0) :] if self.limits.log_bytes else ""
        reason = _one_line(reason)
        used, idle = max(self.child.cpu_seconds, self.seen_cpu_seconds), self.idle_cpu_seconds
        return Outcome(verdict, reason, message, wall_seconds, used, peak, self.tier, log, self.ready_seconds, idle)

    def _converse(self, respond: Respond | None) -> Message:
        with self._faults_as_verdicts():
            self._await_confinement()
            self._send("job", self._request())
            frame = self._receive()
        while frame.kind == "ask" and respond is not None:
            self.n_asks += 1
            if self.n_asks > MAX_ASKS:
                raise Stopped(Verdict.PROTOCOL, f"the child asked more than {MAX_ASKS} times")
            before = self._cpu_seconds()
            answer = respond(frame.message)  # its errors are the caller's, so it stays outside
            self.idle_cpu_seconds += max(0.0, self._cpu_seconds() - before)
            with self._faults_as_verdicts():
                self._send("answer", answer)
                frame = self._receive()
        if frame.kind == "error":
            raise _reported(frame.message)
        if frame.kind != "result":
            raise Stopped(Verdict.PROTOCOL, f"the child sent an unexpected {frame.kind[:40]!r} frame")
        return frame.message

    @contextlib.contextmanager
    def _faults_as_verdicts(self) -> Iterator[None]:
        try:
            yield
        except FrameTooLargeError as error:
            raise Stopped(Verdict.OUTPUT_LIMIT, str(error)) from error
        except (FrameEndedError, ConnectionError) as error:
            raise self._ended() from error
        except FrameError as error:
            raise Stopped(Verdict.PROTOCOL, str(error)) from error

    def _await_confinement(self) -> None:
        """Until the child says that it is confined, no foreign code runs: a fault up to there is the sandbox's own."""
        try:
            self._receive()
        except (FrameError, ConnectionError) as error:
            if self.child.over.wait(GRACE_SECONDS) and self.child.fault:
                raise HostLostError(self.child.fault) from error
            self.log.drain()
            raise SandboxError(f"a child could not confine itself; it wrote:\n{self.log.text()}") from error
        self.ready_seconds = time.monotonic() - self.started

    def _request(self) -> Message:
        readable: list[Json] = [str(folder.absolute()) for folder in self.job.readable]
        header: dict[str, Json] = {"entry": self.job.entry, "readable": readable}
        return Message(header | {"header": dict(self.job.message.header)}, self.job.message.arrays)

    def _send(self, kind: str, message: Message) -> None:
        try:
            send_frame(self, kind, message)
        except FrameError as error:  # the caller's own message can't travel: a mistake of ours, not the child's
            raise ValueError(f"a message to {self.job.entry} can't be sent: {error}") from error

    def _receive(self) -> Frame:
        frame = receive_frame(self, max(0, self.limits.output_bytes - self.n_bytes_received))
        self.n_bytes_received += frame.n_bytes
        return frame

    # The two methods of a frame's stream.

    def recv_into(self, buffer: memoryview, /) -> int:
        """Read from the child, watching it meanwhile."""
        while True:
            self._watch()
            try:
                return self.connection.recv_into(buffer)
            except BlockingIOError:
                self._wait(select.POLLIN)

    def send(self, data: memoryview, /) -> int:
        """Write to the child, watching it meanwhile."""
        while True:
            self._watch()
            try:
                return self.connection.send(data)
            except BlockingIOError:
                self._wait(select.POLLOUT)

    def _wait(self, event: int) -> None:
        over = self.child.over.is_set()  # asked first: what it sent before its end is then there to be read
        poll = select.poll()
        poll.register(self.connection, event)
        poll.register(self.log.descriptor, select.POLLIN)
        ready = dict(poll.poll(WATCH_SECONDS * 1000))
        heard = self.log.descriptor in ready and self.log.drain()
        if self.log.n_bytes > self.limits.output_bytes:
            raise Stopped(Verdict.OUTPUT_LIMIT, f"wrote more than {self.limits.output_bytes} bytes of text")
        if heard or self.connection.fileno() in ready:
            return
        if over:  # a process that the child left behind may hold the socket open
            raise self._ended()
        if ready:
            time.sleep(WATCH_SECONDS)  # the log has hung up and always reads as ready: don't spin

    def _watch(self) -> None:
        now = time.monotonic()
        if now - self._watched < WATCH_SECONDS:
            return
        self._watched = now
        if now - self.started > self.limits.wall_seconds:
            raise Stopped(Verdict.TIMEOUT_WALL, f"took longer than {self.limits.wall_seconds:g} s")
        if self.child.pid is not None and not self.child.over.is_set():
            self._check_use(self.host.use(self.child))
        if not self.host.scratch_is_capped and now - self._scratch_watched > SCRATCH_WATCH_SECONDS:
            self._scratch_watched = now
            self._check_scratch()

    def _check_use(self, use: JobUse) -> None:
        self.seen_cpu_seconds = use.cpu_seconds
        if use.cpu_seconds > self.limits.cpu_seconds:
            raise Stopped(Verdict.TIMEOUT_CPU, f"used more than {self.limits.cpu_seconds:g} s of CPU time")
        self.peak_memory_bytes = max(self.peak_memory_bytes, use.memory_bytes)
        if use.memory_bytes > self.limits.memory_bytes:
            raise Stopped(Verdict.OUT_OF_MEMORY, f"used more than {_mebibytes(self.limits.memory_bytes)} of memory")
        if use.n_processes > MAX_PROCESSES:
            raise Stopped(Verdict.THREADS, f"started more than {MAX_PROCESSES} processes")
        if use.n_threads > MAX_THREADS:
            raise Stopped(Verdict.THREADS, f"started more than {MAX_THREADS} threads")

    def _check_scratch(self) -> None:
        limit = self.limits.file_bytes
        in_use = folder_bytes(self.child.scratch, limit)
        if in_use <= limit and self.child.pid is not None:
            in_use += nameless_bytes(self.child.pid, self.child.scratch, limit)
        if in_use > limit:
            raise Stopped(Verdict.DISK, f"wrote more than {_mebibytes(self.limits.file_bytes)} of files")

    def _cpu_seconds(self) -> float:
        if self.child.pid is None:
            return 0.0
        if self.job.forks or self.job.compiles:  # its first process may only wait for others
            return self.host.use(self.child).cpu_seconds
        return cpu_seconds(self.child.pid)

    def _ended(self) -> Stopped:
        """Why the child is gone without an answer."""
        if not self.child.over.wait(GRACE_SECONDS):
            return Stopped(Verdict.PROTOCOL, "closed its connection before it answered")
        if self.child.status is None:
            return Stopped(Verdict.SIGNAL, self.child.fault)
        if os.WIFEXITED(self.child.status):
            code = os.WEXITSTATUS(self.child.status)
            return Stopped(Verdict.EXIT_EARLY, f"exited with code {code} before it answered")
        number = os.WTERMSIG(self.child.status)
        if number == signal.SIGXCPU or self.child.cpu_seconds >= math.ceil(self.limits.cpu_seconds):
            return Stopped(Verdict.TIMEOUT_CPU, f"used more than {self.limits.cpu_seconds:g} s of CPU time")
        if number == signal.SIGABRT and b"bad_alloc" in self.log.tail:
            return Stopped(Verdict.OUT_OF_MEMORY, f"used more than {_mebibytes(self.limits.memory_bytes)} of memory")
        name = signal.Signals(number).name if number in signal.valid_signals() else str(number)
        return Stopped(Verdict.SIGNAL, f"ended by {name}")

    def _as_its_host_tells(self, verdict: Verdict, reason: str) -> tuple[Verdict, str]:
        """Why the job failed, where the kernel refused it something; what followed from that tells less."""
        if self.child.n_memory_kills:
            limit = _mebibytes(self.limits.memory_bytes)
            return Verdict.OUT_OF_MEMORY, f"used more than {limit} of memory, by its control group's count"
        if self.child.n_refused_tasks:
            return Verdict.THREADS, f"started more than {MAX_THREADS} processes and threads"
        return verdict, reason


def _reported(message: Message) -> Stopped:
    """The exception that a child reports of itself."""
    header = message.header
    text = str(header.get("message", "")).strip()
    reason = f"{header.get('type', 'Exception')}: {text.splitlines()[0] if text else ''}".removesuffix(": ")
    verdict = REPORTED_VERDICTS.get(str(header.get("verdict")), Verdict.RUNTIME_ERROR)
    return Stopped(verdict, reason, str(header.get("traceback", "")))


def _one_line(text: str) -> str:
    """What a terminal can show safely: the child wrote parts of it."""
    line = " ".join(text.split())[:MAX_REASON_CHARACTERS]
    return "".join(character if character.isprintable() else "?" for character in line)


def _mebibytes(n_bytes: int) -> str:
    return f"{n_bytes / 2**20:g} MiB"
