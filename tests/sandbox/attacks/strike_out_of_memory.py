"""Makes another process the first that the kernel ends when memory is short."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.STRIKE
NEEDS_PROCESS = True


def attack(target: Target) -> bytes:
    Path(f"/proc/{target.pid}/oom_score_adj").write_text("999")
    return b""
