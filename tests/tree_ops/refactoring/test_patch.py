import subprocess
from pathlib import Path, PurePosixPath

import pytest

from archgraft.tree_ops.refactoring.patch import FileChange, n_changed_lines, patch_of


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\nb\nc\n", b"a\nB\nc\n"),
        (b"a\nb", b"a\nB"),
        (b"a\nb", b"a\nb\n"),
        (b"a\r\nb\r\n", b"a\r\nB\r\n"),
        (b"a\rb\x0c\nc\n", b"a\rb\x0c\nC\n"),
        (b"", b"a\n"),
        (None, b"a\nb\n"),
        (None, b"a"),
        (b"".join(b"%d\n" % n for n in range(60)), b"".join(b"%d\n" % (n if n % 20 else -n) for n in range(60))),
        (b"\xff\xfe\nx\n", b"\xff\xfe\ny\n"),
    ],
)
@pytest.mark.parametrize("name", ["net.py", "models/my net.py", "mod\u00e8les/net.py"])
def test_git_applies_it(before: bytes | None, after: bytes, name: str, tmp_path: Path) -> None:
    place = tmp_path / name
    place.parent.mkdir(exist_ok=True)
    if before is not None:
        place.write_bytes(before)
    change = FileChange(PurePosixPath(name), before, after)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, check=True, input=patch_of([change]))
    assert place.read_bytes() == after


def test_a_file_that_stays_as_it_is_is_not_in_the_patch() -> None:
    assert patch_of([FileChange(PurePosixPath("a.py"), b"a\n", b"a\n")]) == b""


def test_removed_and_added_lines_are_counted() -> None:
    assert n_changed_lines([FileChange(PurePosixPath("a.py"), b"a\nb\n", b"a\nc\nd\n")]) == 3
