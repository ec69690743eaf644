import os
import sys

import pytest

from archgraft.agent.free_memory import give_back_free_memory
from archgraft.sandbox.process_tree import memory_bytes

PIECE_BYTES = 2**16  # small enough for the heap, which shrinks only at its end
N_PIECES = 1024


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_what_was_freed_amid_what_is_held_goes_back_to_the_system() -> None:
    pieces = [bytearray(os.urandom(PIECE_BYTES)) for _ in range(N_PIECES)]
    held = pieces[::2]
    before = memory_bytes(os.getpid())
    del pieces
    give_back_free_memory()
    assert memory_bytes(os.getpid()) < before - N_PIECES * PIECE_BYTES // 4
    assert len(held) == N_PIECES // 2
