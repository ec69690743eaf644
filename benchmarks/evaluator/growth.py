"""Does a search's own process grow? A small search in this process, its memory noted as attempts go by.

What could grow is the parent: what it remembers of trees, sources, attempts and the store. It does the same for every
attempt, however long a training takes, so trainings are as short as they come (one epoch of 75 pictures), and several
attempts are in flight at once: they mostly wait for each other's messages.
"""

import tempfile
from pathlib import Path

import numpy as np

from archgraft.agent.attempt import Attempt
from archgraft.agent.search import PRELOAD, search
from archgraft.sandbox.process_tree import memory_bytes
from archgraft.sandbox.supervisor import LocalSandbox
from tests.agent.small_search import small_request, write_task

SETTLED_AFTER = 500
"""Attempts, by when every import is made and every cache has its size."""
NOTED_EVERY = 100
N_SLOTS = 8
N_SAMPLES = 100


class _Scales:
    """A watcher that weighs this process."""

    def __init__(self) -> None:
        self.bytes_by_attempt: dict[int, int] = {}

    def phase(self, text: str) -> None:
        """Nothing to weigh."""

    def warning(self, text: str) -> None:
        """Nothing to weigh."""

    def attempt(self, attempt: Attempt, left: str) -> None:
        """Weigh now and then."""
        if attempt.index % NOTED_EVERY == 0:
            self.bytes_by_attempt[attempt.index] = memory_bytes(_own_pid())
            print(f"{attempt.index:>6} attempts: {self.bytes_by_attempt[attempt.index] / 2**20:.1f} MiB", flush=True)


def _own_pid() -> int:
    return int(Path("/proc/self").readlink().name)


def growth(n_attempts: int, seed: int) -> dict[str, int]:
    """Growth from the settled state to the end in bytes, and in bytes per 1,000 attempts as its last half has it."""
    scales = _Scales()
    with tempfile.TemporaryDirectory() as name, LocalSandbox(preload=PRELOAD) as sandbox:
        folder = Path(name)
        request = small_request(folder, trials=n_attempts, **{"search.seed": seed, "search.slots": N_SLOTS})
        write_task(folder / "task.npz", n=N_SAMPLES)
        search(request, folder, sandbox, scales)
    return figures(scales.bytes_by_attempt)


def figures(noted: dict[int, int]) -> dict[str, int]:
    """What bytes by attempt come to."""
    settled = max(index for index in noted if index <= SETTLED_AFTER)
    last_half = [index for index in sorted(noted) if index >= (settled + max(noted)) / 2]
    slope = np.polyfit(last_half, [noted[index] for index in last_half], 1)[0] if len(last_half) > 1 else 0.0
    return {
        "memory_attempts": max(noted),
        "memory_bytes_settled": noted[settled],
        "memory_growth_bytes": noted[max(noted)] - noted[settled],
        "memory_growth_bytes_per_1000": round(1000 * slope),
    }
