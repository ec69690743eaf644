"""An attack in a plain process, as an evaluator without a sandbox runs candidates: the control that it is real.

Run as `python -m tests.sandbox.escape.plain ATTACK TARGET`; what the attack gives back goes to standard output, and
`DONE` after it when the evaluator has lived to the end.
"""

import importlib
import json
import os
import resource
import signal
import sys
from collections.abc import Callable

from archgraft.sandbox.layers.namespaces import NEW_PIDS, NEW_USER, enter_new
from tests.sandbox.escape.target import Target

DONE = b"\n--done--\n"
MAX_BYTES = 3 * 2**30
"""No attack takes so much: this is for the machine's sake, should one be wrong."""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MAX_BYTES, MAX_BYTES))
    module = importlib.import_module(f"tests.sandbox.attacks.{sys.argv[1]}")
    target = Target(**json.loads(sys.argv[2]))
    if getattr(module, "IN_OWN_NUMBERING", False):
        loot = among_few(lambda: bytes(module.attack(target)))
    else:
        loot = evaluated(lambda: bytes(module.attack(target)))
    sys.stdout.buffer.write(loot + DONE)
    sys.stdout.flush()


def evaluated(attack: Callable[[], bytes]) -> bytes:
    """As evaluators without a sandbox do it: whatever the candidate raises is printed, and that's it."""
    try:
        return attack()
    except Exception as error:  # noqa: BLE001 - the evaluator that is to be harmed
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return b""


def among_few(attack: Callable[[], bytes]) -> bytes:
    """The attack in a numbering of its own, where there is nobody but its parent and a bystander."""
    enter_new(NEW_PIDS if os.getuid() == 0 else NEW_PIDS | NEW_USER)
    reader, writer = os.pipe()
    first = os.fork()
    if first == 0:
        try:
            if (bystander := os.fork()) == 0:
                signal.pause()
            if os.fork() == 0:
                os.write(writer, evaluated(attack))
                os._exit(0)
            while os.wait()[0] == bystander:
                pass
        finally:
            os._exit(0)
    os.waitpid(first, 0)
    os.close(writer)
    return os.read(reader, 64)


if __name__ == "__main__":
    main()
