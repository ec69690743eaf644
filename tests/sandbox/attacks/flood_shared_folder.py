"""Takes memory as files in /dev/shm."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.FLOOD
ALLOWED = 16 * 2**20
CHUNK = 2**20


def attack(target: Target) -> bytes:
    path = Path(target.shared_memory).with_name(f"{Path(target.shared_memory).name}-{target.mark}")
    try:
        with path.open("wb") as file:
            n_written = sum(file.write(b"x" * CHUNK) for _ in range(100))
    finally:
        path.unlink()
    return str(n_written).encode()
