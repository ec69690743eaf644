"""torch and the devices it can use, by what the files of both say: torch itself is never imported."""

import re
from collections.abc import Sequence
from importlib import metadata, util
from pathlib import Path

from archgraft.agent.doctor.row import Row
from archgraft.evaluator.devices import DeviceError, devices_meant

DRIVER_FOLDER = Path("/proc/driver/nvidia/gpus")
DEVICE_FOLDER = Path("/dev")
CUDA = re.compile(r"^cuda\b.*?=\s*'([\d.]+)'", re.MULTILINE)


def torch_row() -> Row:
    """The installed torch, by its metadata alone."""
    try:
        version = metadata.version("torch")
    except metadata.PackageNotFoundError:
        return Row("torch", "fail", "not installed", "install it: make venv, or pip install torch")
    build = torch_build()
    if build is None:
        return Row("torch", "fail", f"{version}, but its files are missing", "install it anew: pip install -I torch")
    return Row("torch", "ok", f"{version} ({build})")


def torch_build() -> str | None:
    """`CUDA 12.6` or `CPU only`, as torch/version.py states it; None when that isn't there."""
    spec = util.find_spec("torch")
    version_file = None if spec is None or spec.origin is None else Path(spec.origin).with_name("version.py")
    if version_file is None or not version_file.is_file():
        return None
    cuda = CUDA.search(version_file.read_text(encoding="utf-8"))
    return f"CUDA {cuda.group(1)}" if cuda else "CPU only"


def gpu_row(models: Sequence[str], build: str | None, device_folder: Path) -> Row:
    """The NVIDIA GPUs that the driver names, whether this process may use them, and whether torch could."""
    found = ", ".join(models)
    if not models:
        return Row("gpu", "ok", "none by NVIDIA; candidates train on the CPU, or on a Mac's GPU with device mps")
    if not any(device_folder.glob("nvidia[0-9]*")):
        return Row("gpu", "note", f"{found}, but not handed to this container", "start it with its GPUs: --gpus all")
    if build is None or not build.startswith("CUDA"):
        return Row("gpu", "note", found, "torch is built for the CPU only; install a CUDA build to use the GPU")
    return Row("gpu", "ok", found)


def gpu_models(driver_folder: Path) -> list[str]:
    """The GPUs' names, as NVIDIA's driver has them."""
    return [
        line.partition(":")[2].strip()
        for information in sorted(driver_folder.glob("*/information"))
        for line in information.read_text(encoding="utf-8").splitlines()
        if line.startswith("Model:")
    ]


def device_row(setting: str, n_gpus: int, system: str) -> Row:
    """Whether the device of the settings is there, of so many GPUs that torch was built for: nothing is tried here."""
    present = [f"cuda:{number}" for number in range(n_gpus)] + ["mps"] * (system == "darwin") + ["cpu"]
    try:
        found = ", ".join(devices_meant(setting, present))
    except DeviceError as error:
        return Row("device", "fail", str(error), "set sandbox.device to one that is there; the row gpu says more")
    if found == "cpu" and len(present) > 1:
        return Row("device", "note", f"cpu, though there is {present[0]}", "set sandbox.device=auto to train on it")
    return Row("device", "ok", found)
