"""Makes calls by the numbers of another architecture, which a careless filter takes for others."""

from tests.sandbox.escape.calls import run_machine_code
from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN


def attack(target: Target) -> bytes:
    # mov eax, 20 (getpid of 32-bit x86); int 0x80; ret
    return str(run_machine_code(bytes.fromhex("b814000000cd80c3"))).encode()
