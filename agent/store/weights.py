"""Trained weights beside the run's database, one safetensors file a candidate and seed."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save

FOLDER_NAME = "weights"


def save_weights(folder: Path, candidate_id: int, seed: int, arrays: Mapping[str, np.ndarray]) -> Path:
    """Write a state dict's arrays; the file appears whole or not at all. Returns its path."""
    target = folder / FOLDER_NAME / f"{candidate_id}-{seed}.safetensors"
    target.parent.mkdir(exist_ok=True)
    partial = target.with_suffix(".partial")
    with partial.open("wb") as file:
        file.write(save({name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()}))
        file.flush()
        os.fsync(file.fileno())
    return partial.replace(target)


def weights_of(folder: Path, candidate_id: int) -> dict[int, Path]:
    """The weight files of a candidate, by seed."""
    found = {}
    for path in sorted((folder / FOLDER_NAME).glob(f"{candidate_id}-*.safetensors")):
        match = re.fullmatch(rf"{candidate_id}-(\d+)\.safetensors", path.name)
        if match:
            found[int(match.group(1))] = path
    return found
