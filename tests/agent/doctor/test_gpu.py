from importlib import metadata, util
from pathlib import Path
from types import SimpleNamespace

import pytest

from archgraft.agent.doctor import gpu


def test_gpus_are_named_as_the_driver_names_them(tmp_path: Path) -> None:
    for n in range(2):
        (tmp_path / f"0000:0{n}:00.0").mkdir()
        (tmp_path / f"0000:0{n}:00.0" / "information").write_text("Model: \t\t NVIDIA H200\nIRQ: 1\n")
    assert gpu.gpu_models(tmp_path) == ["NVIDIA H200", "NVIDIA H200"]
    assert gpu.gpu_models(tmp_path / "absent") == []


def test_a_gpu_is_well_where_driver_device_and_build_fit(tmp_path: Path) -> None:
    assert gpu.gpu_row([], "CPU only", tmp_path).state == "ok"
    unseen = gpu.gpu_row(["NVIDIA H200"], "CUDA 12.6", tmp_path)
    assert (unseen.state, "--gpus" in unseen.advice) == ("note", True)
    (tmp_path / "nvidia0").touch()
    unbuilt = gpu.gpu_row(["NVIDIA H200"], "CPU only", tmp_path)
    assert (unbuilt.state, "CUDA build" in unbuilt.advice) == ("note", True)
    assert gpu.gpu_row(["NVIDIA H200"], "CUDA 12.6", tmp_path).state == "ok"


def test_a_device_that_is_not_there_fails_and_names_what_is() -> None:
    row = gpu.device_row("cuda", 0, "linux")
    assert (row.state, row.found) == ("fail", "there is no device 'cuda' here, only cpu")
    assert "sandbox.device" in row.advice
    assert gpu.device_row("cuda", 2, "linux").found == "cuda:0, cuda:1"


def test_an_idle_gpu_is_worth_a_note() -> None:
    row = gpu.device_row("cpu", 0, "darwin")
    assert (row.state, row.found) == ("note", "cpu, though there is mps")
    assert gpu.device_row("auto", 0, "darwin").found == "mps"


@pytest.mark.parametrize(
    ("line", "build"), [("cuda: Optional[str] = '12.6'", "CUDA 12.6"), ("cuda = None", "CPU only")]
)
def test_the_build_of_torch_is_read_from_its_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, build: str
) -> None:
    (tmp_path / "version.py").write_text(f"__version__ = '2.9.0'\n{line}\nhip = None\n")
    monkeypatch.setattr(util, "find_spec", lambda name: SimpleNamespace(origin=str(tmp_path / "__init__.py")))
    assert gpu.torch_build() == build
    assert build in gpu.torch_row().found


def test_a_torch_that_is_missing_or_broken_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(util, "find_spec", lambda name: None)
    broken = gpu.torch_row()
    assert (broken.state, "pip install" in broken.advice) == ("fail", True)

    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert (gpu.torch_row().state, gpu.torch_row().found) == ("fail", "not installed")
