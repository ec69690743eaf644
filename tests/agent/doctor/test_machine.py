import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from archgraft.agent.doctor.machine import compiler_row, disk_rows, machine_row, python_row


def test_a_python_that_is_too_old_fails() -> None:
    assert python_row((3, 11)).state == "ok"
    row = python_row((3, 10))
    assert row.state == "fail"
    assert "3.11" in row.advice


def test_little_memory_or_few_cores_are_told_with_the_slots_that_fit() -> None:
    assert machine_row(2, 8 * 2**30, 2).state == "ok"
    assert machine_row(2, None, 2).found == "2 cores, memory unknown"
    assert "search.slots=1" in machine_row(2, 2 * 2**30, 2).advice
    row = machine_row(2, 8 * 2**30, 3)
    assert (row.state, row.advice) == ("note", "set search.slots=2: 3 candidates would share a core")


def test_a_compiler_is_looked_for_as_torch_does() -> None:
    def there(name: str) -> str | None:
        return "/usr/bin/clang++" if name == "clang++" else None

    assert compiler_row({}, there).found == "/usr/bin/clang++"
    for environment in ({"CXX": "icpx"}, {}):
        row = compiler_row(environment, lambda name: None)
        assert row.state == "note"
        assert "torch.compile" in row.advice
    assert compiler_row({"CXX": "icpx"}, there).found == "CXX=icpx is not there"


def test_a_full_disk_is_told_for_runs_and_for_scratch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=1.5 * 2**30))
    runs, scratch = disk_rows(tmp_path, tmp_path)
    assert (runs.name, runs.state, runs.found) == ("disk", "note", f"1.5 GiB free in {tmp_path}")
    assert "--out" in runs.advice
    assert (scratch.name, scratch.state) == ("scratch", "ok")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=0.5 * 2**30))
    assert "TMPDIR" in disk_rows(tmp_path, tmp_path)[1].advice


def test_a_folder_that_is_not_there_or_closed_fails(tmp_path: Path) -> None:
    runs, scratch = disk_rows(tmp_path / "missing", tmp_path / "missing")
    assert (runs.state, scratch.state) == ("fail", "fail")
    assert "TMPDIR" in scratch.advice
