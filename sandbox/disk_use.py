"""What a job holds on the disk: the files in its folder, and those that it has deleted and still has open."""

import contextlib
import os
from pathlib import Path

ENTRY_BYTES = 4096
"""What a file weighs at least, an empty one too: names and inodes run out like blocks do."""


def folder_bytes(folder: Path, enough: int) -> int:
    """What the files below a folder take, or more than `enough` as soon as that is sure."""
    total, folders = 0, [str(folder)]
    while folders and total <= enough:
        with contextlib.suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    total += max(ENTRY_BYTES, entry.stat(follow_symlinks=False).st_blocks * 512)
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                if total > enough:
                    break
    return total


def nameless_bytes(pid: int, folder: Path, largest_file: int) -> int:
    """What a process holds of files of this folder that have no name any more; 0 where we may not look.

    Of a file that is only mapped its size can't be seen: it counts as the largest that there may be.
    """
    held: dict[int, int] = {}
    with contextlib.suppress(OSError), os.scandir(f"/proc/{pid}/fd") as descriptors:
        for entry in descriptors:
            with contextlib.suppress(OSError):
                if Path(entry.path).readlink().is_relative_to(folder):
                    found = entry.stat()
                    held[found.st_ino] = 0 if found.st_nlink else found.st_blocks * 512
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/maps").read_text(errors="replace").splitlines():
            if line.endswith("(deleted)") and str(folder) in line:
                held.setdefault(int(line.split()[4]), largest_file)
    return sum(held.values())
