"""Long passages that two texts share, by hashes of their windows.

Any passage of `length` tokens holds a whole block of half that length, wherever blocks start. So one text is cut into
blocks, the other is looked through at every position by a rolling polynomial hash (Karp & Rabin 1987, "Efficient
randomized pattern-matching algorithms"), and what hits is compared token by token.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

BASE = 0x9E3779B97F4A7C15
"""Of the polynomial, modulo 2**64: odd, so that it has an inverse."""
PIECE = 2**20
"""Tokens that are hashed at once."""
MAX_HITS = 100_000
"""Hits that are compared; a text that repeats itself all along has more, and is told by these."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What a text has in common with another: tokens in shared passages, and where the longest one begins."""

    n_tokens: int
    longest: int
    held_start: int
    kept_start: int


def shared_passages(kept: np.ndarray, held: np.ndarray, length: int) -> Shared:
    """The passages of at least `length` tokens of `held` (N,) that also stand in `kept` (M,)."""
    block = max(1, length // 2)
    n_blocks = len(kept) // block
    if n_blocks == 0 or len(held) < length:
        return Shared(0, 0, 0, 0)
    hashes = _block_hashes(kept[: n_blocks * block].reshape(n_blocks, block))
    order = np.argsort(hashes, kind="stable")
    n_tokens = longest = held_start = kept_start = end = n_hits = 0
    for place, number in _hits(held, hashes, order, block):
        if place + block <= end:
            continue
        back = _alike(held[end:place][::-1], kept[: number * block][::-1])
        on = _alike(held[place:], kept[number * block :])
        if back + on >= length:
            n_tokens += back + on
            if back + on > longest:
                longest, held_start, kept_start = back + on, place - back, number * block - back
        if on:
            end = place + on
        if (n_hits := n_hits + 1) >= MAX_HITS:
            break
    return Shared(n_tokens, longest, held_start, kept_start)


def _hits(held: np.ndarray, hashes: np.ndarray, order: np.ndarray, block: int) -> Iterator[tuple[int, int]]:
    """Places in `held` whose next `block` tokens hash as a block does, each with the first such block's number."""
    for start in range(0, len(held) - block + 1, PIECE):
        windows = _window_hashes(held[start : start + PIECE + block - 1], block)
        found = order[np.minimum(np.searchsorted(hashes, windows, sorter=order), len(order) - 1)]
        for offset in np.flatnonzero(hashes[found] == windows).tolist():
            yield start + offset, int(found[offset])


def _block_hashes(blocks: np.ndarray) -> np.ndarray:
    """The hash of each block (B, block): the sum of its tokens times powers of the base."""
    powers = _powers(BASE, blocks.shape[1])
    rows = max(1, PIECE // blocks.shape[1])
    parts = [_coefficients(blocks[start : start + rows]) * powers for start in range(0, len(blocks), rows)]
    return np.concatenate([part.sum(axis=1, dtype=np.uint64) for part in parts])


def _window_hashes(tokens: np.ndarray, block: int) -> np.ndarray:
    """The same hash of `block` tokens from each place on: differences of running sums, shifted back to power zero."""
    sums = np.zeros(len(tokens) + 1, np.uint64)
    np.cumsum(_coefficients(tokens) * _powers(BASE, len(tokens)), out=sums[1:])
    return np.asarray((sums[block:] - sums[:-block]) * _powers(pow(BASE, -1, 2**64), len(tokens) - block + 1))


def _coefficients(tokens: np.ndarray) -> np.ndarray:
    """Tokens spread over 64 bits: small numbers alone would collide."""
    mixed = (tokens.astype(np.uint64) + np.uint64(1)) * np.uint64(0xBF58476D1CE4E5B9)
    return np.asarray(mixed ^ (mixed >> np.uint64(29)))


def _powers(base: int, n: int) -> np.ndarray:
    factors = np.full(n, base, np.uint64)
    factors[0] = 1
    return np.asarray(np.cumprod(factors))


def _alike(first: np.ndarray, second: np.ndarray) -> int:
    """How many tokens two texts begin with in common."""
    n, step = 0, 256
    while True:
        a, b = first[n : n + step], second[n : n + step]
        size = min(len(a), len(b))
        differing = np.flatnonzero(a[:size] != b[:size])
        if len(differing) or size < step:
            return n + (int(differing[0]) if len(differing) else size)
        n, step = n + step, 2 * step
