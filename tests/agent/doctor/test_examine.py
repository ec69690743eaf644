"""The doctor's rows together: none is missing, and each that isn't well says what to do."""

import json
from pathlib import Path

from archgraft.agent.doctor.examine import as_json, as_text, examine, failed
from archgraft.agent.doctor.row import Row
from archgraft.agent.settings import Settings, with_values
from tests.agent.doctor.findings import canaries


def test_this_machine_is_well_enough_for_its_own_tests(tmp_path: Path) -> None:
    rows = examine(Settings(), tmp_path, {}, canaries)
    assert not failed(rows)
    names = {"python", "torch", "gpu", "device", "machine", "compiler", "disk", "scratch", "llm", "sandbox"}
    assert names <= {row.name for row in rows}


def test_every_row_that_is_not_ok_says_what_to_do(tmp_path: Path) -> None:
    settings = with_values(Settings(), {"llm.model": "some-model", "sandbox.device": "cuda:99"})
    rows = examine(settings, tmp_path, {"CXX": "no-such-compiler"}, lambda: canaries("threads"))
    unwell = [row for row in rows if row.state != "ok"]
    assert {row.name for row in unwell} >= {"llm", "device", "compiler", "sandbox: threads"}
    assert all(row.advice for row in unwell)
    assert not any(row.advice for row in rows if row.state == "ok")
    assert failed(rows)


def test_text_shows_every_row_and_its_advice() -> None:
    rows = (Row("disk", "note", "1.0 GiB free", "free some space"), Row("python", "ok", "3.13"))
    text = as_text(rows)
    assert text.splitlines() == ["note  disk    1.0 GiB free", "              -> free some space", "ok    python  3.13"]


def test_json_carries_the_same_rows(tmp_path: Path) -> None:
    rows = examine(Settings(), tmp_path, {}, canaries)
    assert [entry["name"] for entry in json.loads(as_json(rows))] == [row.name for row in rows]
