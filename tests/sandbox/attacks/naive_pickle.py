"""Answers with a pickle that acts when it is read."""

import os
import pickle

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CHANGE
NAIVE_PARENT = "pickle"


class Trap:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return os.mkdir, (self.path,)


def attack(target: Target) -> bytes:
    return pickle.dumps(Trap(f"{target.folder}/from-pickle"))
