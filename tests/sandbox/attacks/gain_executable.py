"""Writes a program that is executable from the start, and runs it."""

import os
import subprocess

from tests.sandbox.escape.target import Harm, Target

HARM = Harm.GAIN


def attack(target: Target) -> bytes:
    descriptor = os.open("program", os.O_WRONLY | os.O_CREAT, 0o755)
    os.write(descriptor, b"#!/bin/sh\necho ran\n")
    os.close(descriptor)
    return subprocess.run(["./program"], capture_output=True, check=True).stdout
