"""A disk that is really full, small and of our own: for root, who may make one."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from archgraft.agent.errors import UsageError
from archgraft.agent.export import export
from archgraft.agent.report.build import build_report
from archgraft.agent.store.lock import LOCK_NAME
from archgraft.agent.store.opening import open_run
from archgraft.agent.store.optuna_mirror import sync_mirror
from archgraft.agent.store.reader import load_run
from archgraft.agent.store.run_store import RunStore
from tests.agent.synthetic import SyntheticRun, run_info, write_run


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MiB with a run on it."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "archgraft-test", str(place)]
    if os.getuid() or subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("no right to mount a disk here")
    try:
        write_run(place / "run", 3)
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Leave no byte free; removing the file that is returned makes room."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (2**16, 2**12):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return filler


def attempt(store: RunStore) -> None:
    run = SyntheticRun(store)
    run.steps |= {each.index: () for each in store.attempts()}
    run.finish(run.propose(4))


WORK: dict[str, Callable[[RunStore], object]] = {
    "run.sqlite": attempt,
    "weights/5-100.safetensors": lambda store: store.save_weights(5, 100, {"a": np.zeros(10_000, np.float32)}),
    "report.html": lambda store: build_report(store.folder),
    "best.safetensors": lambda store: export(store.folder, store.folder / "best.py"),
}


@pytest.mark.parametrize("name", WORK)
def test_it_is_told_what_could_not_be_written_and_with_room_the_same_works(name: str, disk: Path) -> None:
    with open_run(disk / "run", run_info()) as store:
        before = sorted((disk / "run").rglob("*"))
        filler = fill(disk)
        with pytest.raises(UsageError) as caught:
            WORK[name](store)
        assert str(caught.value).startswith(f"{disk / 'run' / name}: the disk is full: 0.0 MiB free in {disk / 'run'}")
        assert sorted((disk / "run").rglob("*")) == before
        filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
    with open_run(disk / "run", run_info()) as store:
        WORK[name](store)
        assert (disk / "run" / name).exists()


def test_the_mirror_on_a_full_disk_leaves_a_run_that_is_whole(disk: Path) -> None:
    with open_run(disk / "run", run_info()) as store:
        filler = fill(disk)
        with pytest.raises(UsageError, match=r"run\.sqlite: the disk is full"):
            sync_mirror(store)
        filler.unlink()
    with load_run(disk / "run") as run:
        assert len(run.attempts()) == 4


def test_a_search_that_can_not_even_begin_says_why(disk: Path) -> None:
    fill(disk)
    with pytest.raises(UsageError, match=f"new/{LOCK_NAME}: the disk is full"):
        open_run(disk / "new", run_info())
