"""Which processes hold a lock on a file, as far as the system tells."""

from contextlib import suppress
from pathlib import Path

_LOCKS = Path("/proc/locks")


def holders(path: Path) -> list[str]:
    """One line for each process of this machine that holds a write lock, like "process 12, sqlite3".

    Empty where the system keeps no such list, or shows no locks of others, as in a container.
    """
    found: list[str] = []
    with suppress(OSError):
        inode = str(path.stat().st_ino)
        for line in _LOCKS.read_text(encoding="ascii").splitlines():
            # "1: POSIX  ADVISORY  WRITE 12 08:01:345 0 EOF"; those who wait have an arrow before the kind
            fields = line.split()
            if fields[1] != "->" and fields[3] == "WRITE" and fields[5].rpartition(":")[2] == inode:
                found.append(_named(int(fields[4])))
    return found


def _named(pid: int) -> str:
    with suppress(OSError):
        return f"process {pid}, {Path(f'/proc/{pid}/comm').read_text(errors='replace').strip()}"
    return f"process {pid}"
