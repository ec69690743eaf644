"""Is this machine ready for a search? One row per thing that matters; a row that isn't well says what to do.

Nothing here imports torch, and nothing reaches the network unless the LLM is to be asked: a broken installation must
not stop its own diagnosis.
"""

import dataclasses
import json
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from archgraft.agent.doctor.gpu import (
    DEVICE_FOLDER,
    DRIVER_FOLDER,
    device_row,
    gpu_models,
    gpu_row,
    torch_build,
    torch_row,
)
from archgraft.agent.doctor.llm import Ask, llm_row
from archgraft.agent.doctor.machine import compiler_row, disk_rows, machine_row, memory_bytes, n_cores, python_row
from archgraft.agent.doctor.row import Row
from archgraft.agent.doctor.sandbox import Check, sandbox_rows
from archgraft.agent.settings import Settings


def examine(
    settings: Settings, folder: Path, environment: Mapping[str, str], check: Check, ask: Ask | None = None
) -> tuple[Row, ...]:
    """All rows: the host's own, then those of the sandbox's canaries, which start a few short-lived processes.

    `folder` is where runs would be put. The LLM is sent a question only where there is an `ask`.
    """
    models, build = gpu_models(DRIVER_FOLDER), torch_build()
    gpu = gpu_row(models, build, DEVICE_FOLDER)
    n_gpus = len(models) if gpu.state == "ok" else 0
    return (
        python_row(),
        torch_row(),
        gpu,
        device_row(settings.sandbox.device, n_gpus, sys.platform),
        machine_row(n_cores(), memory_bytes(), settings.search.slots),
        compiler_row(environment),
        *disk_rows(folder, Path(tempfile.gettempdir())),
        llm_row(settings.llm, environment, ask),
        *sandbox_rows(check),
    )


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
