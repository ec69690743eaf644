"""Samples that stand in two parts of the data: byte for byte, or as nearly the same picture.

Near pictures are found by locality-sensitive hashing: each picture, with mean and contrast taken out, is projected on
random directions, and pictures that fall into the same cell of a table are compared. Source: Datar et al. 2004,
"Locality-sensitive hashing scheme based on p-stable distributions" (SCG 2004), section 3. Barz & Denzler 2020 (arXiv
1902.00423) show how many such pairs the CIFAR data hold, and what they do to scores.
"""

import hashlib
import math
from dataclasses import dataclass

import numpy as np

N_SAMPLED = 64
"""Entries of a row that are looked at before all of it is."""
NEAR = 0.05
"""Root mean square difference of standardised pictures below which they are the same: a correlation above 0.9987."""
N_TABLES, N_DIRECTIONS = 8, 6
CELL = 5 * NEAR
"""Wide enough that near pictures share a cell in some table (97 % of those at the very limit), and few others do."""
MAX_NEIGHBOURS = 4
"""Pictures of one cell that a picture is compared with, in each table."""
BLOCK_ROWS = 2048


def same_rows(kept: np.ndarray, held: np.ndarray) -> np.ndarray:
    """For each row of `held` (N, ...) the first row of `kept` (M, ...) with the same bytes, else -1."""
    if kept.dtype != held.dtype or kept.shape[1:] != held.shape[1:]:
        return np.full(len(held), -1)
    kept, held = kept.reshape(len(kept), -1), held.reshape(len(held), -1)
    columns = np.unique(np.linspace(0, kept.shape[1] - 1, N_SAMPLED).round().astype(int))
    kept_keys, held_keys = ([row.tobytes() for row in part[:, columns]] for part in (kept, held))
    shared = set(kept_keys) & set(held_keys)
    first: dict[bytes, int] = {}
    for index, key in enumerate(kept_keys):
        if key in shared:
            first.setdefault(_digest(kept[index]), index)
    return np.array([first.get(_digest(held[i]), -1) if key in shared else -1 for i, key in enumerate(held_keys)])


@dataclass(frozen=True)
class Pictures:
    """Pictures as rows (N, D), and the places of the standardised rows along all directions: (N, tables x directions).

    Places are NaN where a picture has one value throughout.
    """

    rows: np.ndarray
    places: np.ndarray

    @classmethod
    def of(cls, pictures: np.ndarray) -> "Pictures":
        """Of float32 pictures (N, C, H, W)."""
        rows = pictures.reshape(len(pictures), -1)
        directions = np.random.default_rng(0).normal(size=(rows.shape[1], N_TABLES * N_DIRECTIONS)).astype(np.float32)
        directions -= directions.mean(axis=0)  # so that a picture's mean drops out
        directions /= np.linalg.norm(directions, axis=0)
        return cls(rows, _projected(rows, directions))


def near_pictures(kept: Pictures, held: Pictures) -> np.ndarray:
    """For each picture of `held` one of `kept` that is nearly the same, else -1.

    Brightness and contrast don't count; rounding and mild compression are seen through, shifts and flips aren't.
    """
    found = np.full(len(held.rows), -1)
    for pairs in _pairs(kept.places, held.places):
        for rows, partners in _blocks(pairs[:, found[pairs[0]] < 0]):
            near = np.square(kept.places[partners] - held.places[rows]).mean(axis=1) < (2 * NEAR) ** 2
            rows, partners = rows[near], partners[near]
            near = np.square(_standard(kept.rows[partners]) - _standard(held.rows[rows])).mean(axis=1) < NEAR**2
            found[rows[near]] = partners[near]
    return found


def _projected(rows: np.ndarray, directions: np.ndarray) -> np.ndarray:
    places = np.empty((len(rows), directions.shape[1]), np.float32)
    for start in range(0, len(rows), BLOCK_ROWS):
        block = rows[start : start + BLOCK_ROWS]
        mean, square = block.mean(axis=1), np.einsum("nd,nd->n", block, block) / block.shape[1]
        deviation = np.sqrt(np.maximum(square - np.square(mean), 0))
        deviation[deviation <= 1e-4 * np.abs(mean)] = math.nan
        places[start : start + BLOCK_ROWS] = block @ directions / deviation[:, None]
    return places


def _pairs(kept: np.ndarray, held: np.ndarray) -> list[np.ndarray]:
    """Pairs (2, P) of rows of `held` and of `kept` in the same cell, for each table and neighbour."""
    mixing = np.random.default_rng(1).integers(1, 2**62, N_DIRECTIONS) | 1
    found = []
    for start in range(0, kept.shape[1], N_DIRECTIONS):
        kept_keys, held_keys = (
            (np.floor(np.nan_to_num(part[:, start : start + N_DIRECTIONS]) / CELL).astype(np.int64) * mixing).sum(
                axis=1
            )
            for part in (kept, held)
        )
        order = np.argsort(kept_keys, kind="stable")
        places = np.searchsorted(kept_keys, held_keys, sorter=order)
        for offset in range(MAX_NEIGHBOURS):
            partners = order[np.minimum(places + offset, len(order) - 1)]
            rows = np.flatnonzero(kept_keys[partners] == held_keys)
            found.append(np.stack([rows, partners[rows]]))
    return found


def _blocks(pairs: np.ndarray) -> list[np.ndarray]:
    return [pairs[:, start : start + BLOCK_ROWS] for start in range(0, pairs.shape[1], BLOCK_ROWS)]


def _standard(rows: np.ndarray) -> np.ndarray:
    centred = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.maximum(centred.std(axis=1, keepdims=True), np.float32(1e-12)))


def _digest(row: np.ndarray) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(row).tobytes(), digest_size=16).digest()
