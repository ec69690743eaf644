import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from archgraft.sandbox import control_groups, control_trees
from archgraft.sandbox.control_groups import ControlGroups
from archgraft.sandbox.control_trees import LEAF, PREFIX, Tree, claim_in, remove_leftovers, trees, write_file
from archgraft.sandbox.layers.plan import Layer
from archgraft.sandbox.supervisor import LocalSandbox
from tests.sandbox.escape.trial import try_confined

MEBIBYTE = 2**20
UNCOUNTED = ("flood_memory_given_up", "flood_memory_files")
"""Attacks that take memory which counts in no limit on a process, and which the watchdog can't see."""


@pytest.fixture
def grouped_sandbox(weak_sandbox: LocalSandbox) -> LocalSandbox:
    """A sandbox without the layers that refuse such memory: here the control group is the one that holds."""
    row = next(row for row in weak_sandbox.canaries if row.layer == "control group")
    if not row.held:
        pytest.skip(row.mend)
    return weak_sandbox


@pytest.mark.parametrize("name", UNCOUNTED)
def test_what_no_other_limit_counts_ends_as_out_of_memory(grouped_sandbox: LocalSandbox, name: str) -> None:
    trial = try_confined(grouped_sandbox, name)
    assert not trial.got_through
    assert trial.said == "out_of_memory: used more than 64 MiB of memory, by its control group's count"


@pytest.mark.slow
def test_without_a_control_group_memory_that_is_given_up_is_seen_by_nobody() -> None:
    without: tuple[Layer, ...] = ("namespaces", "landlock", "seccomp", "identity", "control groups")
    with LocalSandbox(training=False, allow_weak=True, without=without) as sandbox:
        assert try_confined(sandbox, "flood_memory_given_up").got_through


MOUNTS = """\
20 1 0:19 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
21 20 0:20 / {top}/memory rw,relatime - cgroup cgroup rw,memory
22 20 0:21 /docker/abc {top}/pids rw,relatime - cgroup cgroup rw,pids
23 20 0:22 / {top}/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct
24 20 0:23 / {top}/unified rw,relatime - cgroup2 cgroup2 rw
25 1 8:1 / / rw,relatime - ext4 /dev/root rw
"""
MEMBERSHIPS = "8:pids:/docker/abc/jobs\n4:memory:/user.slice\n1:cpu,cpuacct:/\n0::/user.slice/session\n"


def test_the_trees_are_where_they_are_mounted_and_our_group_is_where_we_are(tmp_path: Path) -> None:
    mounts = MOUNTS.format(top=tmp_path)
    memory, pids = trees(mounts, MEMBERSHIPS)
    assert memory == Tree(tmp_path / "memory/user.slice", tmp_path / "memory", ("memory",), unified=False)
    assert pids == Tree(tmp_path / "pids/jobs", tmp_path / "pids", ("pids",), unified=False)
    unified = tmp_path / "unified/user.slice/session"
    unified.mkdir(parents=True)
    (unified / "cgroup.controllers").write_text("cpu memory pids\n")
    assert trees(mounts, MEMBERSHIPS)[2] == Tree(unified, tmp_path / "unified", ("memory", "pids"), unified=True)
    assert trees(mounts, "4:memory:/\n8:pids:/elsewhere\n") == [
        Tree(tmp_path / "memory", tmp_path / "memory", ("memory",), unified=False)
    ]


FILES = ("subtree_control", "procs", "kill")
SETTINGS = ("memory.max", "memory.swap.max", "memory.oom.group", "memory.events", "pids.max", "pids.events")


@pytest.fixture
def unified_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """A folder in which new folders have the files that version 2 of the kernel's interface would give them."""

    def furnish(folder: Path) -> None:
        for name in (*(f"cgroup.{file}" for file in FILES), *SETTINGS):
            (folder / name).touch()

    plain_mkdir = Path.mkdir

    def mkdir(folder: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        plain_mkdir(folder, mode, parents, exist_ok)
        furnish(folder)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    monkeypatch.setattr(Path, "rmdir", shutil.rmtree)
    (tmp_path / "app.slice" / "session").mkdir(parents=True)
    (tmp_path / "app.slice" / "cgroup.subtree_control").write_text("memory pids\n")
    return Tree(tmp_path / "app.slice" / "session", tmp_path, ("memory", "pids"), unified=True)


def test_in_a_unified_tree_a_jobs_group_is_limited_with_all_that_it_swaps(unified_tree: Tree) -> None:
    claim = claim_in(unified_tree, ("memory", "pids"))
    assert claim is not None
    groups = ControlGroups((claim,))
    group = groups.create("job-1", 100 * MEBIBYTE, 8 * MEBIBYTE)
    (folder,) = group.folders
    limit = 108 * MEBIBYTE + control_groups.SLACK_BYTES
    said = {name: (folder / name).read_text() for name in SETTINGS}
    assert said["memory.max"] == str(limit)
    assert (said["memory.swap.max"], said["memory.oom.group"]) == ("0", "1")
    assert said["pids.max"] == "512"
    assert (claim.folder / "cgroup.subtree_control").read_text() == "+memory +pids"

    (folder / "memory.events").write_text("low 0\noom 3\noom_kill 2\noom_group_kill 1\n")
    (folder / "pids.events").write_text("max 5\n")
    assert (group.n_memory_kills(), group.n_refused_tasks()) == (2, 5)
    group.kill()
    assert (folder / "cgroup.kill").read_text() == "1"
    group.remove()
    assert not folder.exists()
    groups.close()
    groups.close()
    assert not claim.folder.exists()


def test_where_a_group_with_processes_cannot_divide_what_it_has_ours_lie_beside_it(
    unified_tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_divided(monkeypatch, unified_tree.own)
    claim = claim_in(unified_tree, ("memory",))
    assert claim is not None
    assert claim.place == unified_tree.own.parent


def test_a_process_that_is_alone_in_its_group_steps_aside(unified_tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    own = unified_tree.own
    refuse_divided(monkeypatch, own, own.parent)
    assert claim_in(unified_tree, ("memory",)) is None
    (own / "cgroup.procs").write_text(f"{os.getpid()}\n")
    claim = claim_in(unified_tree, ("memory",))
    assert claim is not None
    assert claim.place == own
    assert (own / LEAF / "cgroup.procs").read_text() == "0"


def refuse_divided(monkeypatch: pytest.MonkeyPatch, *places: Path) -> None:
    """As the kernel does while a group has processes, or as it does for strangers: until we have stepped aside."""

    def enable(folder: Path, controllers: object) -> None:
        if folder in places and not (folder / LEAF).exists():
            raise OSError("busy")

    monkeypatch.setattr(control_trees, "enable", enable)


def test_leftovers_of_a_killed_supervisor_are_killed_and_removed_and_those_of_living_ones_stay() -> None:
    groups, _ = control_groups.find()
    if not groups.claims:
        pytest.skip("no control group is delegated to us")
    place = groups.claims[0].place
    leftover = place / f"{PREFIX}test-{os.getpid()}"
    (leftover / "job-1").mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        write_file(leftover / "job-1" / "cgroup.procs", str(process.pid))
        remove_leftovers(place)
        assert process.wait() < 0
    assert not leftover.exists()
    assert all(claim.folder.exists() for claim in groups.claims)
    groups.close()
    assert not any(claim.folder.exists() for claim in groups.claims)
