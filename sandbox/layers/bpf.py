"""Turns rules about system calls into the program that the kernel runs before each call (classic BPF, seccomp(2)).

The kernel shows the program a `struct seccomp_data`: the call's number, the architecture, and six arguments of 64 bits.
Every argument that a rule looks at is an int or holds its flags in the lower half, so only that half is read (both
architectures are little-endian).
"""

import errno
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from archgraft.sandbox.layers.syscall_numbers import NEWEST, number_of

LOAD_WORD, JUMP_EQUAL, JUMP_GREATER, AND, RETURN = 0x20, 0x15, 0x25, 0x54, 0x06
RET_ALLOW, RET_ERRNO, RET_KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
OFFSET_NUMBER, OFFSET_ARCHITECTURE, OFFSET_ARGUMENTS = 0, 4, 16
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32_BIT = 0x40000000
ALL_BITS = 0xFFFFFFFF

Instruction = tuple[int, int, int, int]
"""Code, jump when true, jump when false (both counted in instructions to skip), constant."""


@dataclass(frozen=True, slots=True)
class Test:
    """Refuses a call when the argument, masked, is one of the values (or, with `among=False`, when it is none)."""

    argument: int
    values: tuple[int, ...]
    mask: int = ALL_BITS
    among: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """Refuses a call with an error: always, or when one of the tests says so."""

    name: str
    tests: tuple[Test, ...] = ()
    error: int = errno.EPERM


def assemble(rules: Iterable[Rule], machine: str) -> bytes:
    """The program, 8 bytes an instruction. Raises `KeyError` for a machine without a table of system calls.

    Calls of another architecture (32-bit programs, x32), which have other numbers, end the process. Calls newer than
    the table are answered as an older kernel would.
    """
    program: list[Instruction] = [
        (LOAD_WORD, 0, 0, OFFSET_ARCHITECTURE),
        (JUMP_EQUAL, 1, 0, ARCHITECTURES[machine]),
        (RETURN, 0, 0, RET_KILL_PROCESS),
        (LOAD_WORD, 0, 0, OFFSET_NUMBER),
        (JUMP_GREATER, 0, 1, X32_BIT - 1),
        (RETURN, 0, 0, RET_KILL_PROCESS),
        (JUMP_GREATER, 0, 1, NEWEST),
        (RETURN, 0, 0, RET_ERRNO | errno.ENOSYS),
    ]
    for rule in rules:
        number = number_of(rule.name, machine)
        if number is not None:
            body = _body(rule)
            program += [(JUMP_EQUAL, 0, len(body), number), *body]
    program.append((RETURN, 0, 0, RET_ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def _body(rule: Rule) -> list[Instruction]:
    refuse: Instruction = (RETURN, 0, 0, RET_ERRNO | rule.error)
    if not rule.tests:
        return [refuse]
    body: list[Instruction] = []
    for test in rule.tests:
        body += [(LOAD_WORD, 0, 0, OFFSET_ARGUMENTS + 8 * test.argument), (AND, 0, 0, test.mask)]
        n_values = len(test.values)
        for place, value in enumerate(test.values):
            # A hit goes to the refusal, which stands behind the values, or past it.
            to_refusal = n_values - 1 - place
            body.append((JUMP_EQUAL, to_refusal + (0 if test.among else 1), 0, value & ALL_BITS))
        if test.among:
            body[-1] = (JUMP_EQUAL, 0, 1, body[-1][3])  # the last miss goes past the refusal
        body.append(refuse)
    return [*body, (RETURN, 0, 0, RET_ALLOW)]
