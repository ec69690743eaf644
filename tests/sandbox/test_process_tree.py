import os
import subprocess
import sys
from pathlib import Path

import pytest

from archgraft.sandbox.process_tree import child_pids, cpu_seconds, listed_children, memory_bytes, read_process, tree

PARENT_OF_A_SLEEPER = """
import os, sys, time
if os.fork():
    held = bytearray(b"x" * 50_000_000)
    print("up", flush=True)
    sys.stdin.read()
    os.kill(0, 9)
time.sleep(60)
"""


def test_a_tree_holds_a_process_and_its_descendants_and_what_they_use() -> None:
    command = [sys.executable, "-c", PARENT_OF_A_SLEEPER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        processes = tree(parent.pid)
        children = child_pids(parent.pid)
        held_bytes = memory_bytes(parent.pid)
        used_seconds = cpu_seconds(parent.pid)
    assert [process.pid for process in processes] == [parent.pid, *children]
    assert len(children) == 1
    assert [process.parent_pid for process in processes] == [os.getpid(), parent.pid]
    assert all(process.n_threads == 1 for process in processes)
    assert processes[0].cpu_seconds >= 0.0
    assert held_bytes > 50_000_000
    assert used_seconds == pytest.approx(processes[0].cpu_seconds, abs=0.1)
    assert used_seconds > 0
    assert tree(parent.pid) == []
    assert memory_bytes(parent.pid) == 0
    assert cpu_seconds(parent.pid) == 0


def test_a_process_that_only_waits_to_be_reaped_does_not_count() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert read_process(process.pid) is None
    process.wait()


def test_the_kernels_lists_of_every_thread_are_joined(tmp_path: Path) -> None:
    for thread, children in {"10": "11 12 ", "13": ""}.items():
        (tmp_path / thread).mkdir()
        (tmp_path / thread / "children").write_text(children)
    assert sorted(listed_children(tmp_path)) == [11, 12]
    assert listed_children(tmp_path / "gone") == []
