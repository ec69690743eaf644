"""Which sandbox this system has. Importable everywhere: each system's own modules are imported on that system only."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from archgraft.sandbox.protocol import SandboxError

if TYPE_CHECKING:
    from archgraft.sandbox.canaries import CanaryReport
    from archgraft.sandbox.darwin.supervisor import SeatbeltSandbox
    from archgraft.sandbox.supervisor import LocalSandbox

SUPPORTED = ("linux", "darwin")
ADVICE = {"win32": "install WSL 2 (`wsl --install`) and run archgraft inside it, or use a Linux container"}
OTHER_ADVICE = "run archgraft in a Linux container or virtual machine"


def open_sandbox(
    preload: Sequence[str] = (), *, training: bool = True, allow_weak: bool = False
) -> "LocalSandbox | SeatbeltSandbox":
    """The sandbox of this system, not yet started. Raises `SandboxError`, with advice, where there is none.

    `preload` and `training` are as for `LocalSandbox`; on macOS, where each job has an interpreter of its own, nothing
    can be imported beforehand.
    """
    require_system(*SUPPORTED)
    if sys.platform == "darwin":
        from archgraft.sandbox.darwin.supervisor import SeatbeltSandbox

        return SeatbeltSandbox(allow_weak=allow_weak)
    from archgraft.sandbox.supervisor import LocalSandbox

    return LocalSandbox(preload, training=training, allow_weak=allow_weak)


def check() -> "tuple[CanaryReport, ...]":
    """What the canaries find in a sandbox of their own. Raises `SandboxError`."""
    with open_sandbox(training=False) as sandbox:
        return sandbox.canaries


def require_system(*systems: str) -> None:
    """Raises `SandboxError`, with advice, on a system that is none of these (names as in `sys.platform`)."""
    if sys.platform not in systems:
        names = " or ".join({"linux": "Linux", "darwin": "macOS"}[system] for system in systems)
        advice = ADVICE.get(sys.platform, OTHER_ADVICE)
        raise SandboxError(f"the sandbox needs {names}, but this is {sys.platform}: {advice}")
