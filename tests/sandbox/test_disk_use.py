import mmap
import os
from pathlib import Path

from archgraft.sandbox.disk_use import ENTRY_BYTES, folder_bytes, nameless_bytes

MEBIBYTE = 2**20


def test_a_folder_weighs_what_its_files_do_and_empty_files_weigh_something_too(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "large").write_bytes(b"x" * MEBIBYTE)
    assert MEBIBYTE <= folder_bytes(tmp_path, 2**40) <= MEBIBYTE + 3 * ENTRY_BYTES
    for number in range(100):
        (tmp_path / str(number)).touch()
    assert folder_bytes(tmp_path, 2**40) >= MEBIBYTE + 100 * ENTRY_BYTES
    assert folder_bytes(tmp_path, 10) > 10
    assert folder_bytes(tmp_path / "gone", 10) == 0


def test_deleted_files_count_as_long_as_they_are_open_or_mapped(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("w+b") as file:
        file.write(b"x" * MEBIBYTE)
        file.flush()
        area = mmap.mmap(file.fileno(), 0)
        assert nameless_bytes(os.getpid(), tmp_path, 7) == 0
        path.unlink()
        assert nameless_bytes(os.getpid(), tmp_path, 7) >= MEBIBYTE
    assert nameless_bytes(os.getpid(), tmp_path, 7) in (7, MEBIBYTE)  # the map holds a descriptor of its own
    area.close()
    assert nameless_bytes(os.getpid(), tmp_path, 7) == 0
