"""Changes the user's code, which it may read."""

from pathlib import Path

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE


def attack(target: Target) -> bytes:
    with Path(f"{target.folder}/package/users_code.py").open("a") as file:
        file.write("import os")
    return b""
