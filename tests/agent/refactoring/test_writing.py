import os
from pathlib import Path, PurePosixPath

import pytest

from archgraft.agent.errors import UsageError
from archgraft.agent.refactoring.writing import write
from archgraft.tree_ops.refactoring.patch import FileChange


def changes(*names: str) -> list[FileChange]:
    return [FileChange(PurePosixPath(name), b"old\n", b"new\n") for name in names]


@pytest.fixture
def top(tmp_path: Path) -> Path:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_bytes(b"old\n")
    return tmp_path


def texts(top: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(top.iterdir())}


def test_all_files_are_written(top: Path) -> None:
    (top / "a.py").chmod(0o755)
    write(top, [*changes("a.py", "b.py"), FileChange(PurePosixPath("c.py"), None, b"made\n")])
    assert texts(top) == {"a.py": "new\n", "b.py": "new\n", "c.py": "made\n"}
    assert (top / "a.py").stat().st_mode & 0o777 == 0o755


def test_none_is_written_when_one_was_changed_meanwhile(top: Path) -> None:
    (top / "b.py").write_bytes(b"other\n")
    with pytest.raises(UsageError, match="changed meanwhile"):
        write(top, changes("a.py", "b.py"))
    assert texts(top) == {"a.py": "old\n", "b.py": "other\n"}


def test_none_is_written_when_one_is_read_only(top: Path) -> None:
    (top / "b.py").chmod(0o444)
    with pytest.raises(UsageError, match="read-only"):
        write(top, changes("a.py", "b.py"))
    assert texts(top) == {"a.py": "old\n", "b.py": "old\n"}


def test_a_new_file_never_replaces_one_that_has_appeared(top: Path) -> None:
    with pytest.raises(UsageError, match="has appeared"):
        write(top, [*changes("a.py"), FileChange(PurePosixPath("b.py"), None, b"made\n")])
    assert texts(top) == {"a.py": "old\n", "b.py": "old\n"}


def test_what_is_gone_is_not_made_again(top: Path) -> None:
    (top / "b.py").unlink()
    with pytest.raises(UsageError, match="can't be read any more"):
        write(top, changes("a.py", "b.py"))
    assert texts(top) == {"a.py": "old\n"}


def test_a_link_stays_a_link(top: Path) -> None:
    (top / "link.py").symlink_to("a.py")
    write(top, changes("link.py"))
    assert (top / "link.py").is_symlink()
    assert (top / "a.py").read_bytes() == b"new\n"


@pytest.mark.parametrize("trouble", [KeyboardInterrupt, OSError])
def test_what_stops_between_two_files_leaves_both_as_they_were(
    top: Path, monkeypatch: pytest.MonkeyPatch, trouble: type[BaseException]
) -> None:
    replace = Path.replace

    def replaced(self: Path, target: Path) -> Path:
        if target.name == "b.py":
            raise trouble
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", replaced)
    with pytest.raises(trouble):
        write(top, changes("a.py", "b.py"))
    monkeypatch.undo()
    assert texts(top) == {"a.py": "old\n", "b.py": "old\n"}


def test_what_stops_in_the_middle_of_a_file_leaves_no_part_of_it(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(top, changes("a.py"))
    assert texts(top) == {"a.py": "old\n", "b.py": "old\n"}
