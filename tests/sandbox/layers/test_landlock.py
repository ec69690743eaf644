import os
from collections.abc import Callable
from pathlib import Path

import pytest

from archgraft.sandbox.layers import kernel, landlock
from archgraft.sandbox.layers.landlock import READ, SCRATCH, Grant, Right
from archgraft.sandbox.layers.namespaces import works_in_throwaway

pytestmark = pytest.mark.skipif(landlock.abi() == 0, reason="this kernel has no Landlock")


def confined(grants: list[Grant], attempt: Callable[[], object], version: int | None = None) -> bool:
    """Whether an attempt succeeds in a throwaway process that was granted so much."""

    def whole() -> None:
        kernel.call("prctl", kernel.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        landlock.restrict(landlock.ruleset(version or landlock.abi(), grants))
        attempt()

    return works_in_throwaway(whole)


def test_only_what_is_granted_can_be_read(tmp_path: Path) -> None:
    for name in ("open", "closed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("text")
    grants = [Grant(tmp_path / "open", READ)]
    assert confined(grants, (tmp_path / "open" / "file").read_text)
    assert not confined(grants, (tmp_path / "closed" / "file").read_text)
    assert not confined(grants, lambda: (tmp_path / "open" / "file").write_text("other"))
    assert not confined(grants, lambda: os.truncate(tmp_path / "open" / "file", 0))
    assert not confined(grants, (tmp_path / "open" / "file").unlink)


def test_a_scratch_can_be_written_but_holds_no_links_and_nothing_special(tmp_path: Path) -> None:
    grants = [Grant(tmp_path, SCRATCH)]

    def work() -> None:
        (tmp_path / "folder").mkdir()
        (tmp_path / "file").write_text("text")
        (tmp_path / "file").rename(tmp_path / "folder" / "file")
        (tmp_path / "folder" / "file").unlink()
        (tmp_path / "folder").rmdir()

    assert confined(grants, work)
    assert not confined(grants, lambda: (tmp_path / "link").symlink_to("/"))
    assert not confined(grants, lambda: os.mkfifo(tmp_path / "pipe"))


def test_a_single_file_can_be_granted_and_one_that_is_missing_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    grants = [Grant(tmp_path / "file", SCRATCH), Grant(tmp_path / "missing", READ)]
    assert confined(grants, (tmp_path / "file").read_text)
    assert not confined(grants, lambda: list(tmp_path.iterdir()))


@pytest.mark.parametrize("version", range(1, landlock.abi() + 1))
def test_older_kernels_get_only_what_they_know(tmp_path: Path, version: int) -> None:
    assert confined([Grant(tmp_path, SCRATCH)], (tmp_path / "file").touch, version)
    assert (Right.TRUNCATE in landlock.handled_rights(version)) is (version >= landlock.TRUNCATE_ABI)
