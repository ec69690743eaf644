"""What an attack is told: where the decoys are. And how it is declared."""

from dataclasses import dataclass
from enum import StrEnum


class Harm(StrEnum):
    """What the parent looks at to see whether an attack got through; the attack's own word counts for nothing else."""

    LEAK = "leak"
    """What the attack gives back holds one of the decoys' secrets."""
    CONTACT = "contact"
    """A decoy listener was reached."""
    CHANGE = "change"
    """The decoy folder is not what it was."""
    STRIKE = "strike"
    """The decoy process is not what it was, or has received a signal."""
    GAIN = "gain"
    """The attack gives back evidence of something that only works unconfined."""
    FLOOD = "flood"
    """The attack gives back an amount, larger than its `ALLOWED`, of what it could take."""
    SURVIVE = "survive"
    """A process that bears the mark lives on after the job."""
    HANG = "hang"
    """The attack goes on after its time."""
    DELUGE = "deluge"
    """The parent gets more than it can hold."""
    CRASH = "crash"
    """The attack ends the process that evaluates it."""


@dataclass(frozen=True)
class Target:
    """The decoys, as an attack sees them."""

    folder: str
    """Holds `secret`, `victim` (anybody may write it), `empty/` and `package/`, which a job may read."""
    tcp_port: int
    tcp6_port: int
    udp_port: int
    stream_socket: str
    datagram_socket: str
    abstract_socket: str
    shared_memory: str
    """A file in /dev/shm that holds a secret."""
    supervisor_pid: int
    mark: str
    """A name for processes that are to be found afterwards."""
    pid: int = 0
    """The decoy process: a secret in its environment, arguments and memory; it holds `secret` open."""
    secret_address: int = 0
    victim_address: int = 0
    secret_descriptor: int = 0

    @property
    def secret(self) -> str:
        return f"{self.folder}/secret"

    @property
    def victim(self) -> str:
        return f"{self.folder}/victim"

    @property
    def abstract_address(self) -> bytes:
        return b"\0" + self.abstract_socket.encode()
