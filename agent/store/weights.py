"""Trained weights beside the run's database, one safetensors file a candidate and seed.

Those of finalists go out with the best model; those of the search are there for children to inherit.

Each file carries the digest of its numbers: what a disk or a person did to it since is found before it is scored.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from archgraft.agent.store.records import Role
from archgraft.agent.whole_file import unwritable, write_whole

_FINAL_WEIGHTS, _SEARCH_WEIGHTS = "weights", "search_weights"
"""Folders below the run's own."""
_DIGEST = "sha256"
_LENGTH_BYTES = 8


def save_weights(
    folder: Path, candidate_id: int, seed: int, arrays: Mapping[str, np.ndarray], role: Role = "finalist"
) -> Path:
    """Write a trained state dict; the file appears whole or not at all. Returns its path.

    Raises `UsageError` when it can't be written.
    """
    target = _below(folder, role) / f"{_owner(candidate_id, role)}-{seed}.safetensors"
    try:
        target.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise unwritable(target, error) from error
    return write_whole(target, _with_digest(arrays))


def weights_of(folder: Path, candidate_id: int, role: Role = "finalist") -> dict[int, Path]:
    """The weight files of a candidate in one role, by seed; a damaged one is as good as none."""
    found, owner = {}, _owner(candidate_id, role)
    for path in sorted(_below(folder, role).glob(f"{owner}-*.safetensors")):
        match = re.fullmatch(rf"{owner}-(\d+)\.safetensors", path.name)
        if match and is_whole(path):
            found[int(match.group(1))] = path
    return found


def _below(folder: Path, role: Role) -> Path:
    return folder / (_SEARCH_WEIGHTS if role == "search" else _FINAL_WEIGHTS)


def _owner(candidate_id: int, role: Role) -> str:
    return f"{candidate_id}-control" if role == "control" else str(candidate_id)


def is_whole(path: Path) -> bool:
    """Whether a file holds the very numbers that were written."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
        if length > path.stat().st_size:
            return False
        try:
            header = json.loads(file.read(length))
        except ValueError:
            return False
        told = header.get("__metadata__", {}).get(_DIGEST) if isinstance(header, dict) else None
        return told == hashlib.file_digest(file, _DIGEST).hexdigest()


def remove_partial_weights(folder: Path) -> None:
    """Remove what a search that was killed while it wrote left. Only for who holds the run's lock."""
    for name in (_FINAL_WEIGHTS, _SEARCH_WEIGHTS):
        for path in (folder / name).glob(".*"):
            path.unlink(missing_ok=True)


def _with_digest(arrays: Mapping[str, np.ndarray]) -> bytes:
    whole = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()}
    content = save(whole)
    numbers = memoryview(content)[_LENGTH_BYTES + int.from_bytes(content[:_LENGTH_BYTES], "little") :]
    return save(whole, metadata={_DIGEST: hashlib.sha256(numbers).hexdigest()})
