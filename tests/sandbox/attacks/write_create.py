"""Makes a file, as one in a folder of start-up scripts."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE


def attack(target: Target) -> bytes:
    Path(f"{target.folder}/new.pth").write_text("import os")
    return b""
