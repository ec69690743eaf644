"""Raises an exception that ends whoever prints it."""

import os

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.CRASH


class HostileError(Exception):
    def __str__(self) -> str:  # noqa: PLE0307 - it never returns
        os._exit(1)


def attack(target: Target) -> bytes:
    raise HostileError
