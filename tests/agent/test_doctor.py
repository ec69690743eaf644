"""The doctor's rows say what is wrong and what to do."""

import json
from pathlib import Path

import pytest

from archgraft.agent import doctor
from archgraft.agent.settings import LlmSettings
from archgraft.sandbox.canaries import MENDS, CanaryReport, CanaryVerdict
from archgraft.sandbox.protocol import SandboxError


def canaries(*open_layers: str) -> tuple[CanaryReport, ...]:
    return tuple(
        CanaryReport(layer, CanaryVerdict.OPEN, mend)
        if layer in open_layers
        else CanaryReport(layer, CanaryVerdict.HELD, "")
        for layer, mend in MENDS.items()
    )


def examine(tmp_path: Path) -> tuple[doctor.Row, ...]:
    return doctor.examine(LlmSettings(), "cpu", tmp_path, {}, canaries)


def test_this_machine_is_well_enough_for_its_own_tests(tmp_path: Path) -> None:
    rows = examine(tmp_path)
    assert not doctor.failed(rows)
    assert {"python", "torch", "gpu", "device", "machine", "disk", "llm", "sandbox"} <= {row.name for row in rows}


def test_every_row_that_is_not_ok_says_what_to_do(tmp_path: Path) -> None:
    rows = doctor.examine(LlmSettings(model="some-model"), "cpu", tmp_path, {}, lambda: canaries("threads"))
    unwell = [row for row in rows if row.state != "ok"]
    assert {row.name for row in unwell} >= {"llm", "sandbox: threads"}
    assert all(row.advice for row in unwell)


def test_a_model_without_its_key_fails_and_names_the_variable() -> None:
    row = doctor.llm_row(LlmSettings(model="some-model", api_key_variable="SOME_KEY"), {})
    assert row.state == "fail"
    assert "SOME_KEY" in row.advice


@pytest.mark.parametrize(("variable", "environment"), [("SOME_KEY", {"SOME_KEY": "x"}), ("", {})])
def test_a_model_with_its_key_or_without_need_of_one_is_ok(variable: str, environment: dict[str, str]) -> None:
    assert doctor.llm_row(LlmSettings(model="m", api_key_variable=variable), environment).state == "ok"


def test_an_open_layer_is_a_note_with_the_canary_s_own_advice() -> None:
    rows = {row.name: row for row in doctor.sandbox_rows(lambda: canaries("namespaces"))}
    assert rows["sandbox: namespaces"].state == "note"
    assert rows["sandbox: namespaces"].advice == MENDS["namespaces"]
    assert rows["sandbox"].found == "tier B: Landlock, seccomp and limits"


@pytest.mark.parametrize("layer", ["environment", "files", "system calls"])
def test_a_sandbox_below_the_least_tier_fails_and_still_shows_each_layer(layer: str) -> None:
    rows = {row.name: row for row in doctor.sandbox_rows(lambda: canaries(layer))}
    assert rows["sandbox"].state == "fail"
    assert rows[f"sandbox: {layer}"].advice == MENDS[layer]


def test_a_sandbox_that_cannot_start_fails_with_its_reason() -> None:
    def broken() -> tuple[CanaryReport, ...]:
        raise SandboxError("no child came back")

    [row] = doctor.sandbox_rows(broken)
    assert row.state == "fail"
    assert "no child came back" in row.found


def test_gpus_are_named_as_the_driver_names_them(tmp_path: Path) -> None:
    for n in range(2):
        (tmp_path / f"0000:0{n}:00.0").mkdir()
        (tmp_path / f"0000:0{n}:00.0" / "information").write_text("Model: \t\t NVIDIA H200\nIRQ: 1\n")
    assert doctor.gpu_row(tmp_path).found == "NVIDIA H200, NVIDIA H200"


def test_a_device_that_is_not_there_fails_and_names_what_is(tmp_path: Path) -> None:
    row = doctor.device_row("cuda", tmp_path / "absent", "linux")
    assert (row.state, row.found) == ("fail", "there is no device 'cuda' here, only cpu")
    assert "sandbox.device" in row.advice


def test_an_idle_gpu_is_worth_a_note() -> None:
    row = doctor.device_row("cpu", Path("absent"), "darwin")
    assert (row.state, row.found) == ("note", "cpu, though there is mps")
    assert doctor.device_row("auto", Path("absent"), "darwin").found == "mps"


def test_no_driver_means_no_gpu_and_is_no_fault(tmp_path: Path) -> None:
    row = doctor.gpu_row(tmp_path / "absent")
    assert row.state == "ok"
    assert "CPU" in row.found


def test_text_shows_every_row_and_its_advice() -> None:
    rows = (doctor.Row("disk", "note", "1.0 GiB free", "free some space"), doctor.Row("python", "ok", "3.13"))
    text = doctor.as_text(rows)
    assert text.splitlines() == ["note  disk    1.0 GiB free", "              -> free some space", "ok    python  3.13"]


def test_json_carries_the_same_rows(tmp_path: Path) -> None:
    rows = examine(tmp_path)
    assert [entry["name"] for entry in json.loads(doctor.as_json(rows))] == [row.name for row in rows]
