"""Does a search's own process grow? A small search in this process, its memory noted as attempts go by."""

import tempfile
from pathlib import Path

from archgraft.agent.attempt import Attempt
from archgraft.agent.search import search
from archgraft.sandbox.process_tree import memory_bytes
from archgraft.sandbox.supervisor import LocalSandbox
from tests.agent.small_search import small_request

SETTLED_AFTER = 500
"""Attempts, by when every import is made and every cache has its size."""
NOTED_EVERY = 100


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
            print(f"{attempt.index:>6} attempts: {self.bytes_by_attempt[attempt.index] / 2**20:.0f} MiB")


def _own_pid() -> int:
    return int(Path("/proc/self").readlink().name)


def growth(n_attempts: int, seed: int) -> dict[str, int]:
    """Growth from the settled state to the end, in bytes."""
    scales = _Scales()
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalSandbox(preload=("archgraft.evaluator.trace", "archgraft.evaluator.train")) as sandbox,
    ):
        request = small_request(Path(folder), trials=n_attempts, **{"search.seed": seed})
        search(request, Path(folder), sandbox, scales)
    noted = scales.bytes_by_attempt
    settled = max(index for index in noted if index <= SETTLED_AFTER)
    return {
        "memory_attempts": max(noted),
        "memory_bytes_settled": noted[settled],
        "memory_growth_bytes": noted[max(noted)] - noted[settled],
    }
