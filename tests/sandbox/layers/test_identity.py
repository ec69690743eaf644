import os
import tempfile
from pathlib import Path

import pytest

from archgraft.sandbox.layers import identity, kernel
from archgraft.sandbox.layers.namespaces import works_in_throwaway


def test_every_job_is_somebody_else() -> None:
    uids = {identity.own_uid_for(number) for number in range(3000)}
    assert len(uids) == 3000
    assert min(uids) > 60_000


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize(("mode", "keeps"), [(0o755, 0), (0o700, 1 << identity.CAP_DAC_READ_SEARCH)])
def test_root_keeps_only_the_right_to_read_and_only_where_it_is_needed(mode: int, keeps: int) -> None:
    folder = Path(tempfile.mkdtemp())  # not pytest's own, which lies in a folder that is closed to others
    folder.chmod(mode)

    def attempt() -> None:
        identity.become(identity.own_uid_for(os.getpid()), [folder])
        if os.getuid() == 0 or int(kernel.status_field("CapEff"), 16) != keeps:
            raise OSError(f"uid {os.getuid()}, capabilities {kernel.status_field('CapEff')}")
        list(folder.iterdir())

    try:
        assert works_in_throwaway(attempt)
    finally:
        folder.rmdir()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_root_without_the_right_to_read_all_stays_itself_for_what_is_closed_to_others(mode: int) -> None:
    folder = Path(tempfile.mkdtemp())
    folder.chmod(mode)

    def attempt() -> None:
        identity.keep(identity.permitted_capabilities() & ~(1 << identity.CAP_DAC_READ_SEARCH))
        if identity.somebody_can_read(folder) is not (mode == 0o755):
            raise OSError("wrong")

    try:
        assert works_in_throwaway(attempt)
    finally:
        folder.rmdir()
