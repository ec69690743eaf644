"""Child programs of the conformance suite: what a good job does, and what bad ones try."""

# ruff: noqa: ARG001, D103 - the names of these programs say what they do; all take a channel, few need it

import ctypes
import mmap
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from archgraft.sandbox.protocol import Channel, Json, Message

PR_SET_NAME = 15
CHUNK_BYTES = 2**20


def echo(channel: Channel) -> Message:
    return channel.request


def ask_thrice(channel: Channel) -> Message:
    total = 0.0
    for number in range(3):
        total += float(channel.ask(Message({"number": number})).arrays["value"].sum())
    return Message({"total": total})


def ask_once(channel: Channel) -> Message:
    return channel.ask(Message())


def fail(channel: Channel) -> Message:
    raise ValueError("first line\nsecond line")


def fail_with_escape_codes(channel: Channel) -> Message:
    raise ValueError("\x1b[2Jcleared\x07" + "x" * 10_000)


def return_nothing(channel: Channel) -> None:
    return None


def raise_nonfinite(channel: Channel) -> Message:
    raise FloatingPointError("the loss is not finite")


def sleep_with_descendants(channel: Channel) -> Message:
    """Three marked processes where a job may start any: itself, one of its group, and one that has left both."""
    mark(str(channel.request.header["mark"]))
    with suppress(PermissionError):
        start_descendants()
    if channel.request.header["then"] == "return":
        return Message()
    if channel.request.header["then"] == "ask":
        channel.ask(Message())
    while True:
        pass


def start_descendants() -> None:
    """One process of the same group, and one that has left the group and its parent."""
    if os.fork() == 0:
        time.sleep(600)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)


def work_in_a_fork(channel: Channel) -> Message:
    if (pid := os.fork()) == 0:
        os._exit(7)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if (pid := os.fork()) == 0:
        time.sleep(600)
    os.kill(pid, signal.SIGKILL)
    return Message({"status": status, "killed": os.WTERMSIG(os.waitpid(pid, 0)[1])})


def compile_and_load(channel: Channel) -> Message:
    """Compiles a library and loads it; tries to start a program of its own, and to reach the network by another's."""
    mark(str(channel.request.header["mark"]))
    if os.fork() == 0:
        time.sleep(600)
    Path("answer.cpp").write_text('extern "C" int answer() { return 42; }\n')
    compiled = start_program("g++", "-shared", "-fPIC", "-o", "answer.so", "answer.cpp")
    os.close(os.open("own", os.O_WRONLY | os.O_CREAT, 0o755))
    Path("own").write_text("#!/bin/sh\n")
    connect = f"import socket; socket.create_connection(('127.0.0.1', {channel.request.header['port']}), timeout=5)"
    return Message(
        {
            "answer": ctypes.CDLL("./answer.so").answer() if compiled else None,
            "started_its_own": start_program("./own"),
            "reached_by_program": start_program(sys.executable, "-S", "-c", connect),
        }
    )


def start_program(*command: str) -> bool:
    """Whether a program could be started, and went well."""
    try:
        pid = os.posix_spawnp(command[0], command, os.environ)
    except PermissionError:
        return False
    return os.waitpid(pid, 0)[1] == 0


def mark(name: str) -> None:
    """Give this process a name that can be found from outside."""
    ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode(), 0, 0, 0)


def spin(channel: Channel) -> Message:
    while True:
        pass


def allocate_at_once(channel: Channel) -> Message:
    return Message({}, {"zeros": np.zeros(2**40, np.uint8)})


def allocate_bit_by_bit(channel: Channel) -> Message:
    held = []
    while True:
        held.append(b"x" * CHUNK_BYTES)


def allocate_shared(channel: Channel) -> Message:
    """Shared memory counts in no limit of the kernel: only a watchdog sees it."""
    held = []
    while True:
        block = mmap.mmap(-1, 16 * CHUNK_BYTES)
        block.write(b"x" * len(block))
        held.append(block)


def exit_at_once(channel: Channel) -> Message:
    os._exit(3)


def exit_politely(channel: Channel) -> Message:
    sys.exit(4)


def kill_parent(channel: Channel) -> Message:
    os.kill(os.getppid(), signal.SIGKILL)
    return echo(channel)


def read_null(channel: Channel) -> Message:
    return Message({"never": str(ctypes.string_at(0))})


def start_processes(channel: Channel) -> Message:
    for _ in range(200):
        if os.fork() == 0:
            time.sleep(600)
    time.sleep(600)
    return Message()


def print_lines(channel: Channel) -> Message:
    n_lines = channel.request.header["n_lines"]
    assert isinstance(n_lines, int)
    for number in range(n_lines):
        print(f"line {number}")
    return Message()


def print_for_ever(channel: Channel) -> Message:
    while True:
        print("x" * CHUNK_BYTES)


def send_much(channel: Channel) -> Message:
    return Message({}, {"zeros": np.zeros(32 * CHUNK_BYTES, np.uint8)})


def write_large_file(channel: Channel) -> Message:
    with Path("large").open("wb") as file:
        while True:
            file.write(b"x" * CHUNK_BYTES)


def write_many_files(channel: Channel) -> Message:
    number = 0
    while True:
        Path(str(number)).write_bytes(b"x" * CHUNK_BYTES)
        number += 1


def send_garbage(channel: Channel) -> Message:
    for descriptor in range(3, 32):
        with suppress(OSError):
            os.write(descriptor, b"garbage" * 100)
    time.sleep(600)
    return Message()


def close_connection(channel: Channel) -> Message:
    os.closerange(3, 32)
    time.sleep(600)
    return Message()


def describe_surroundings(channel: Channel) -> Message:
    variables: list[Json] = [*os.environ, *os.environ.values()]
    folder = Path.cwd()
    content: list[Json] = [path.name for path in folder.iterdir()]
    (folder / "note").write_text("left behind")
    same = os.environ["HOME"] == os.environ["TMPDIR"] == str(folder)
    return Message({"variables": variables, "scratch": str(folder), "content": content, "home_is_scratch": same})


def connect(channel: Channel) -> Message:
    port = channel.request.header["port"]
    assert isinstance(port, int)
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5.0).close()
    except OSError:
        return Message({"reached": False})
    return Message({"reached": True})
