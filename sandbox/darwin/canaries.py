"""Finds out by trying which parts of the Seatbelt profile hold on this Mac, whatever the profile says."""

import socket
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from archgraft.sandbox.canaries import DEFECT, CanaryReport, CanaryVerdict, decoys, foreign_variables
from archgraft.sandbox.protocol import Job, Limits, Message, Outcome, SandboxError

LIMITS = Limits(wall_seconds=30.0, cpu_seconds=20.0, memory_bytes=2**30, output_bytes=2**20)
SEATBELT = (
    "`sandbox-exec -p '(version 1)(deny default)' /usr/bin/true` must be refused; the profile was written without a "
    "Mac at hand: report this with the output of `archgraft doctor`"
)
MENDS = {
    "process group": DEFECT,
    "environment": DEFECT,
    "descriptors": DEFECT,
    "files": SEATBELT,
    "programs": SEATBELT,
    "signals": SEATBELT,
    "network": SEATBELT,
    "services": SEATBELT,
}
"""The layers, in order, each with what to do where it is open."""


def check(run: Callable[[Job, Limits], Outcome]) -> tuple[CanaryReport, ...]:
    """Send the canaries through `run`. Raises `SandboxError`."""
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="ag-"))).resolve()
        server = held.enter_context(socket.create_server(("127.0.0.1", 0)))
        local = held.enter_context(socket.socket(socket.AF_UNIX))
        local.bind(str(folder / "s"))
        local.listen()
        header = {"port": server.getsockname()[1], "socket": str(folder / "s")}
        request = Message({**header, **foreign_variables(), **decoys(folder / "d")})
        outcome = run(Job("archgraft.sandbox.darwin.canary_jobs:try_layers", request, label="canaries"), LIMITS)
    if outcome.message is None:
        raise SandboxError(f"the sandbox can't run its own canaries: {outcome.reason}\n{outcome.log}")
    return tuple(_report(layer, outcome.message.header.get(layer) is True) for layer in MENDS)


def _report(layer: str, held: bool) -> CanaryReport:
    return CanaryReport(layer, CanaryVerdict.HELD if held else CanaryVerdict.OPEN, "" if held else MENDS[layer])
