"""The most memory that this process held since a moment, from Linux's own counter."""

import contextlib
from pathlib import Path

_RESET_PEAK = "5"


def forget_peak() -> None:
    """Count from here. Where the kernel doesn't allow it, the peak stays that of the whole process."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text(_RESET_PEAK, encoding="ascii")


def peak_bytes() -> int:
    """The largest resident size since `forget_peak`."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))
