"""Is this machine ready for a search? One row per thing that matters; a row that isn't well says what to do.

Nothing here imports torch or reaches the network: a broken installation must not stop its own diagnosis.
"""

import dataclasses
import json
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Literal

from archgraft.agent.settings import LlmSettings
from archgraft.evaluator.devices import DeviceError, devices_meant
from archgraft.sandbox.canaries import DESCRIPTIONS, CanaryReport, tier_of
from archgraft.sandbox.protocol import SandboxError

State = Literal["ok", "note", "fail"]
MIN_FREE_DISK_BYTES = 2 * 2**30
DRIVER_FOLDER = Path("/proc/driver/nvidia/gpus")
MIN_MEMORY_BYTES = 4 * 2**30

Check = Callable[[], Sequence[CanaryReport]]
"""Sends the sandbox's canaries; `archgraft.sandbox.canaries.check`, but for tests."""


@dataclass(frozen=True, slots=True)
class Row:
    """One finding. `note` means that archgraft works, though less well; `advice` is empty when the state is `ok`."""

    name: str
    state: State
    found: str
    advice: str = ""


def examine(
    llm: LlmSettings, device: str, folder: Path, environment: Mapping[str, str], check: Check
) -> tuple[Row, ...]:
    """All rows: the host's own, then those of the sandbox's canaries, which start a few short-lived processes."""
    return (
        python_row(),
        torch_row(),
        gpu_row(DRIVER_FOLDER),
        device_row(device, DRIVER_FOLDER, sys.platform),
        cores_row(),
        disk_row(folder),
        llm_row(llm, environment),
        *sandbox_rows(check),
    )


def python_row() -> Row:
    """The interpreter."""
    return Row("python", "ok", f"{platform.python_version()} at {sys.executable}")


def torch_row() -> Row:
    """The installed torch, by its metadata alone."""
    try:
        version = metadata.version("torch")
    except metadata.PackageNotFoundError:
        return Row("torch", "fail", "not installed", "install it: make venv, or pip install torch")
    return Row("torch", "ok", f"{version} ({_torch_build()})")


def _torch_build() -> str:
    """`CUDA 12.6` or `CPU only`, as torch/version.py states it."""
    spec = util.find_spec("torch")
    if spec is None or spec.origin is None:
        return "its files are missing"
    text = Path(spec.origin).with_name("version.py").read_text(encoding="utf-8")
    cuda = re.search(r"^cuda\b.*?=\s*'([\d.]+)'", text, re.MULTILINE)
    return f"CUDA {cuda.group(1)}" if cuda else "CPU only"


def gpu_row(driver_folder: Path) -> Row:
    """The NVIDIA GPUs that the driver names, and whether torch was built for them."""
    models = _gpu_models(driver_folder)
    if not models:
        return Row("gpu", "ok", "none; candidates train on the CPU")
    if _torch_build().startswith("CUDA"):
        return Row("gpu", "ok", ", ".join(models))
    return Row("gpu", "note", ", ".join(models), "torch is built for the CPU only; install a CUDA build to use the GPU")


def _gpu_models(driver_folder: Path) -> list[str]:
    return [
        line.partition(":")[2].strip()
        for information in sorted(driver_folder.glob("*/information"))
        for line in information.read_text(encoding="utf-8").splitlines()
        if line.startswith("Model:")
    ]


def device_row(setting: str, driver_folder: Path, system: str) -> Row:
    """Whether the device of the settings is there, by the driver's word and torch's build: nothing is tried here."""
    n_gpus = len(_gpu_models(driver_folder)) if _torch_build().startswith("CUDA") else 0
    present = [f"cuda:{number}" for number in range(n_gpus)] + ["mps"] * (system == "darwin") + ["cpu"]
    try:
        found = ", ".join(devices_meant(setting, present))
    except DeviceError as error:
        return Row("device", "fail", str(error), "set sandbox.device to one that is there; the row gpu says more")
    if found == "cpu" and len(present) > 1:
        return Row("device", "note", f"cpu, though there is {present[0]}", "set sandbox.device=auto to train on it")
    return Row("device", "ok", found)


def cores_row() -> Row:
    """Cores that this process may use, and the machine's memory."""
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    found = f"{n_cores} cores, {memory_bytes / 2**30:.1f} GiB of memory"
    if memory_bytes < MIN_MEMORY_BYTES:
        return Row("machine", "note", found, "set search.slots=1, so that only one candidate trains at a time")
    return Row("machine", "ok", found)


def disk_row(folder: Path) -> Row:
    """Room and right to write where runs are put: the current folder."""
    free_bytes = shutil.disk_usage(folder).free
    found = f"{free_bytes / 2**30:.1f} GiB free in {folder}"
    if not os.access(folder, os.W_OK):
        return Row("disk", "fail", f"{folder} is not writable", "run archgraft from a folder that you may write to")
    if free_bytes < MIN_FREE_DISK_BYTES:
        return Row("disk", "note", found, "free some space, or put runs elsewhere with --out")
    return Row("disk", "ok", found)


def llm_row(llm: LlmSettings, environment: Mapping[str, str]) -> Row:
    """Whether the `llm` chooser could be asked. Searches need none: the `prior` chooser has no key."""
    if not llm.model:
        return Row("llm", "ok", "none set; the built-in prior chooses (set llm.model to ask an LLM)")
    found = f"{llm.model} at {llm.base_url}"
    if llm.api_key_variable and not environment.get(llm.api_key_variable):
        return Row("llm", "fail", f"{found}; no key", f"export {llm.api_key_variable}=..., or set llm.api_key_variable")
    return Row("llm", "ok", found)


def sandbox_rows(check: Check) -> tuple[Row, ...]:
    """What the canaries found: which isolation layers really hold here, and the tier that this makes."""
    try:
        reports = check()
    except SandboxError as error:
        return (Row("sandbox", "fail", str(error), "mend what the rows above name, or report this as a defect"),)
    return (_tier(reports), *(Row(f"sandbox: {report.layer}", *_layer(report)) for report in reports))


def _tier(reports: Sequence[CanaryReport]) -> Row:
    try:
        tier = tier_of(reports)
    except SandboxError as error:
        return Row("sandbox", "fail", str(error), "mend the open layers below")
    return Row("sandbox", "ok", f"tier {tier}: {DESCRIPTIONS[tier]}")


def _layer(report: CanaryReport) -> tuple[State, str, str]:
    return ("ok", "holds", "") if report.held else ("note", "open", report.mend)


def failed(rows: Iterable[Row]) -> bool:
    """Whether anything keeps archgraft from working."""
    return any(row.state == "fail" for row in rows)


def as_text(rows: Sequence[Row]) -> str:
    """One line a row, with its advice below it."""
    width = max(len(row.name) for row in rows)
    lines = []
    for row in rows:
        lines.append(f"{row.state:4}  {row.name:{width}}  {row.found}")
        if row.advice:
            lines.append(f"{'':4}  {'':{width}}  -> {row.advice}")
    return "\n".join(lines)


def as_json(rows: Sequence[Row]) -> str:
    """The rows as a JSON list."""
    return json.dumps([dataclasses.asdict(row) for row in rows], indent=2)
