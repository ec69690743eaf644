"""Leaves byte code beside the user's code, for the next import outside."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE


def attack(target: Target) -> bytes:
    folder = Path(f"{target.folder}/package/__pycache__")
    folder.mkdir()
    (folder / "users_code.cpython-311.pyc").write_bytes(b"code")
    return b""
