"""What to tell where a disk is full: which file, which folder, how much is free, and what to do."""

import shutil
from pathlib import Path


def full_disk(place: Path) -> str:
    """The message for a file that could not be written because its disk, or its owner's share of it, is full."""
    folder = existing(place.absolute().parent)
    return (
        f"{place}: the disk is full: {n_bytes_text(shutil.disk_usage(folder).free)} free in {folder}. "
        "Free some space, then run the same command again: a run goes on where it stopped."
    )


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(each for each in (folder, *folder.parents) if each.is_dir())


def n_bytes_text(n_bytes: int) -> str:
    """A size for people: as GiB, and below a tenth of one as MiB."""
    return f"{n_bytes / 2**30:.1f} GiB" if n_bytes >= 0.1 * 2**30 else f"{n_bytes / 2**20:.1f} MiB"
