"""A library survives what happens to files: other writers, a full disk, a kill in the middle."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from archgraft.tree_ops.errors import LibraryError
from archgraft.tree_ops.library import Library

ROOT = Path(__file__).resolve().parents[2]


def start(path: Path, letter: str, n_modules: int, max_bytes: int = 0) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.tree_ops.library_writer", str(path), letter, str(n_modules), str(max_bytes)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def check_intact(path: Path) -> None:
    connection = sqlite3.connect(path)
    assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
    orphans = "select count(*) from modules where not exists (select 1 from origins where module_id = id)"
    assert connection.execute(orphans).fetchone() == (0,)
    connection.close()
    with Library(path) as library:
        assert len(library.modules(everything=True)) == len(library)


def test_two_processes_write_one_library_at_once(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    writers = [start(path, letter, 40) for letter in "ab"]
    assert [(writer.communicate(timeout=120)[1], writer.returncode) for writer in writers] == [("", 0), ("", 0)]
    check_intact(path)
    with Library(path) as library:
        assert len(library) == 80


def test_a_full_disk_is_told_and_what_was_stored_stays(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    writer = start(path, "a", 90, max_bytes=90_000)
    shown, message = writer.communicate(timeout=120)
    assert writer.returncode == 2, message
    assert "What was stored before is safe: make room on the disk" in message
    assert "Traceback" not in message
    n_stored = len(shown.split())
    assert 0 < n_stored < 90
    check_intact(path)
    with Library(path, create=True) as library:
        assert len(library) == n_stored
    assert start(path, "a", 90).communicate(timeout=120)[1] == ""
    with Library(path) as library:
        assert len(library) == 90


def test_a_writer_that_is_killed_leaves_a_library(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    for letter, n_seen in (("a", 1), ("b", 7), ("c", 12)):
        writer = start(path, letter, 100_000)
        assert writer.stdout is not None
        for _ in range(n_seen):
            writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)
        writer.communicate()
        check_intact(path)
        with Library(path) as library:
            assert sum(module_id.startswith(letter) for module_id in library.ids()) >= n_seen


@pytest.mark.parametrize("create", [True, False])
def test_a_folder_is_told_from_a_library(tmp_path: Path, create: bool) -> None:
    with pytest.raises(LibraryError, match="is no file, so it can't be a library"):
        Library(tmp_path, create=create)


def test_where_no_file_can_be_made_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "gone.sqlite").symlink_to(tmp_path / "absent" / "modules.sqlite")
    with pytest.raises(LibraryError, match=f"Check that {tmp_path} is a folder in which you may write"):
        Library(tmp_path / "gone.sqlite", create=True)
