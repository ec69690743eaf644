"""Sets the decoys up, and says afterwards what became of them."""

import ctypes
import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from dataclasses import replace
from fcntl import ioctl
from pathlib import Path
from types import TracebackType

from archgraft.sandbox.conformance import new_mark, processes_named
from tests.sandbox.escape.target import Harm, Target

# Secrets that must be there before a sandbox starts, to see that it doesn't take them in.
TOKEN = uuid.uuid4().hex
ENVIRONMENT_SECRET = "ARCHGRAFT_DECOY_SECRET"
os.environ[ENVIRONMENT_SECRET] = TOKEN
INHERITED = os.memfd_create("decoy")
os.write(INHERITED, TOKEN.encode())
os.set_inheritable(INHERITED, True)
FS_IOC_GETFLAGS = 0x80086601
Picture = dict[str, tuple[object, ...]]


class Stage:
    """Decoys for one attack. A context manager."""

    def __init__(self, *, with_process: bool) -> None:
        self.token = TOKEN
        self.folder = Path(tempfile.mkdtemp(prefix="ag-decoy-")).resolve()
        self.folder.chmod(0o777)
        self._furnish()
        self._sockets: list[socket.socket] = []
        self.shared_memory = Path("/dev/shm") / f"ag-{uuid.uuid4().hex[:12]}"
        self.shared_memory.write_text(self.token)
        self.shared_memory.chmod(0o666)
        self.target = self._target()
        self.process: subprocess.Popen[bytes] | None = None
        if with_process:
            self._start_process()
        self._before = self.picture()
        self._process_before = self.state_of_process()

    def _furnish(self) -> None:
        for name, text in {"secret": self.token, "victim": "untouched"}.items():
            (self.folder / name).write_text(text)
            (self.folder / name).chmod(0o666)
        (self.folder / f"named-{self.token}").touch()
        for name in ("empty", "package"):
            (self.folder / name).mkdir()
            (self.folder / name).chmod(0o777)
        (self.folder / "package" / "users_code.py").write_text("VALUE = 1\n")
        (self.folder / "package" / "users_code.py").chmod(0o666)

    def _target(self) -> Target:
        abstract = f"ag-{uuid.uuid4().hex[:12]}"
        stream, datagram = str(self.folder / "stream"), str(self.folder / "datagram")
        tcp = self._listen(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        tcp6 = self._listen(socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0)) if socket.has_ipv6 else tcp
        udp = self._listen(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
        self._listen(socket.AF_UNIX, socket.SOCK_STREAM, stream)
        self._listen(socket.AF_UNIX, socket.SOCK_DGRAM, datagram)
        self._listen(socket.AF_UNIX, socket.SOCK_STREAM, b"\0" + abstract.encode())
        for path in (stream, datagram):
            Path(path).chmod(0o777)
        port, port6, udp_port = (one.getsockname()[1] for one in (tcp, tcp6, udp))
        memory = str(self.shared_memory)
        return Target(
            str(self.folder), port, port6, udp_port, stream, datagram, abstract, memory, os.getpid(), new_mark()
        )

    def _listen(self, family: int, kind: int, address: object) -> socket.socket:
        listener = socket.socket(family, kind)
        self._sockets.append(listener)
        listener.bind(address)  # type: ignore[arg-type]  # the kinds of address differ
        if kind == socket.SOCK_STREAM:
            listener.listen()
        return listener

    def _start_process(self) -> None:
        program = [sys.executable, str(Path(__file__).with_name("decoy_process.py")), self.target.secret, self.token]
        self.process = subprocess.Popen(program, stdout=subprocess.PIPE, cwd=self.folder, start_new_session=True)
        assert self.process.stdout is not None
        secret, victim, descriptor = map(int, self.process.stdout.readline().split())
        self.target = replace(
            self.target,
            pid=self.process.pid,
            secret_address=secret,
            victim_address=victim,
            secret_descriptor=descriptor,
        )

    def happened(self, harm: Harm, loot: bytes, allowed: int) -> bool:
        """Whether an attack of this kind has got through."""
        match harm:
            case Harm.LEAK:
                return self.token.encode() in loot
            case Harm.CONTACT:
                return bool(select.select(self._sockets, [], [], 0)[0])
            case Harm.CHANGE:
                return self.picture() != self._before
            case Harm.STRIKE:
                return self.state_of_process() != self._process_before or self._heard_a_signal()
            case Harm.GAIN:
                return bool(loot)
            case Harm.FLOOD:
                return bool(loot) and int(loot) > allowed
            case Harm.SURVIVE:
                return bool(processes_named(self.target.mark))
        raise AssertionError(f"the decoys can't tell about {harm}")

    def picture(self) -> Picture:
        """Everything about every file of the decoy folder but when it was last read."""
        shared = self.shared_memory.read_bytes() if self.shared_memory.exists() else b""
        files = {str(path.relative_to(self.folder)): _look_at(path) for path in sorted(self.folder.rglob("*"))}
        return files | {"shared memory": (shared,)}

    def state_of_process(self) -> tuple[object, ...]:
        """What attacks change of a process, as far as one can see it from outside."""
        if self.process is None:
            return ()
        if self.process.poll() is not None:
            return ("ended",)
        pid = self.process.pid
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        traced = Path(f"/proc/{pid}/status").read_text().partition("TracerPid:")[2].split()[0]
        with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
            memory.seek(self.target.victim_address)
            held = memory.read(9)
        stopped = fields[0] in "tT"
        limits = resource.prlimit(pid, resource.RLIMIT_CORE)
        adjustment = Path(f"/proc/{pid}/oom_score_adj").read_text()
        affinity = frozenset(os.sched_getaffinity(pid))
        return (stopped, fields[16], fields[38], traced, held, limits, adjustment, affinity)

    def _heard_a_signal(self) -> bool:
        if self.process is None or self.process.stdout is None:
            return False
        return bool(select.select([self.process.stdout], [], [], 0.05)[0])

    def __enter__(self) -> "Stage":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pid in processes_named(self.target.mark):
            os.kill(int(pid), signal.SIGKILL)
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
        for one in self._sockets:
            one.close()
        self.shared_memory.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def _look_at(path: Path) -> tuple[object, ...]:
    found = path.lstat()
    what: tuple[object, ...] = (found.st_mode, found.st_uid, found.st_gid, found.st_size, found.st_mtime_ns)
    if not path.is_file() or path.is_symlink():
        return (*what, sorted(os.listdir(path)) if path.is_dir() else "")  # noqa: PTH208 - names
    flags = ctypes.c_long(0)
    try:
        with path.open("rb") as file:
            ioctl(file, FS_IOC_GETFLAGS, flags)
    except OSError:  # a file system without flags
        pass
    attributes = sorted((name, os.getxattr(path, name)) for name in os.listxattr(path))
    return (*what, found.st_nlink, path.read_bytes(), flags.value, attributes)
