"""Takes memory that can't be swapped."""

import ctypes

from tests.sandbox.escape.calls import call
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.FLOOD
ROOT_ONLY = True
ALLOWED = 16 * 2**20
AMOUNT = 48 * 2**20


def attack(target: Target) -> bytes:
    area = ctypes.create_string_buffer(AMOUNT)
    call("mlock", ctypes.addressof(area), AMOUNT)
    return str(AMOUNT).encode()
