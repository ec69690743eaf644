"""Makes a link in a folder of others."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE


def attack(target: Target) -> bytes:
    Path(f"{target.folder}/link").symlink_to("/")
    return b""
