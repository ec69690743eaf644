import os
import socket
from pathlib import Path

import pytest

from archgraft.sandbox.layers import namespaces
from archgraft.sandbox.layers.namespaces import WHOLE, World, works_in_throwaway


def entered() -> World:
    world = namespaces.enter(WHOLE)
    if world is None:
        raise OSError("refused")
    return world


pytestmark = pytest.mark.skipif(not works_in_throwaway(entered), reason="this machine allows no namespaces")


def test_inside_the_file_system_is_read_only_but_for_what_is_mounted(tmp_path: Path) -> None:
    def attempt() -> None:
        entered()
        try:
            (tmp_path / "outside").touch()
        except OSError:
            namespaces.mount_scratch(tmp_path, 2**20, os.getuid())
            (tmp_path / "inside").write_text("text")
            namespaces.unmount_scratch(tmp_path)
            return
        raise OSError("a file was made outside")

    assert works_in_throwaway(attempt)
    assert list(tmp_path.iterdir()) == []


def test_a_scratch_holds_so_many_bytes_and_so_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namespaces, "MAX_FILES", 10)

    def fill(n_files: int, n_bytes: int) -> None:
        entered()
        namespaces.mount_scratch(tmp_path, 2**20, os.getuid())
        for number in range(n_files):
            (tmp_path / str(number)).write_bytes(b"x" * n_bytes)

    assert works_in_throwaway(lambda: fill(5, 1000))
    assert not works_in_throwaway(lambda: fill(20, 0))
    assert not works_in_throwaway(lambda: fill(1, 2 * 2**20))


def test_inside_there_is_no_network_and_children_have_numbers_of_their_own() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def connect() -> None:
            entered()
            socket.create_connection(server.getsockname(), timeout=2).close()

        assert works_in_throwaway(lambda: socket.create_connection(server.getsockname(), timeout=2).close())
        assert not works_in_throwaway(connect)

    def child_is_among_the_first() -> None:
        world = entered()
        assert world.init_pid is not None
        if (pid := os.fork()) == 0:
            os._exit(0 if os.getpid() < 10 and os.getppid() == 0 else 1)
        if os.waitpid(pid, 0)[1] != 0:
            raise OSError("the child has a number of the host's")

    assert works_in_throwaway(child_is_among_the_first)
