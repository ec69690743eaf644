"""A kernel's interpreter of classic BPF, as far as our programs use it: to test a policy for machines that we lack."""

import struct

from archgraft.sandbox.layers.bpf import AND, JUMP_EQUAL, JUMP_GREATER, LOAD_WORD, RETURN


def run(program: bytes, number: int, architecture: int, *arguments: int) -> int:
    """What the program returns for a system call."""
    data = struct.pack("=IIQ6Q", number, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
    instructions = list(struct.iter_unpack("=HBBI", program))
    place = accumulator = 0
    while True:
        code, when_true, when_false, constant = instructions[place]
        place += 1
        match code:
            case _ if code == LOAD_WORD:
                (accumulator,) = struct.unpack_from("=I", data, constant)
            case _ if code == AND:
                accumulator &= constant
            case _ if code == JUMP_EQUAL:
                place += when_true if accumulator == constant else when_false
            case _ if code == JUMP_GREATER:
                place += when_true if accumulator > constant else when_false
            case _ if code == RETURN:
                return int(constant)
            case _:
                raise AssertionError(f"unknown instruction {code:#x}")
