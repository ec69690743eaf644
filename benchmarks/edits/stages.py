"""Where the time of an offspring goes: wall and CPU time of the functions that make its stages.

The functions are replaced by timed ones while a benchmark runs, so that the product carries no stopwatch.
"""

import functools
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from archgraft.evaluator import verify
from archgraft.sandbox.protocol import Job, Limits, Outcome, Respond, Sandbox
from archgraft.tree_ops import draft

STAGES = ("offer", "print", "assemble", "sandbox", "compare")
"""Assembling merges what is added and prunes what nothing uses any more; printing is all else that writes the file."""
_PLACES: tuple[tuple[Any, str, str], ...] = (
    (draft, "assemble", "assemble"),
    (verify, "difference", "compare"),
    (verify, "adopt", "compare"),
)


class Stopwatch:
    """Milliseconds by stage of one offspring at a time; a stage inside another counts for itself alone."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = defaultdict(float)
        self.cpu: dict[str, float] = defaultdict(float)
        self._inner: list[tuple[float, float]] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what runs inside as one stage's."""
        wall, cpu = time.perf_counter(), time.process_time()
        self._inner.append((0.0, 0.0))
        try:
            yield
        finally:
            spent = 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)
            inner = self._inner.pop()
            self.wall[name] += spent[0] - inner[0]
            self.cpu[name] += spent[1] - inner[1]
            if self._inner:
                outer = self._inner[-1]
                self._inner[-1] = outer[0] + spent[0], outer[1] + spent[1]

    def clear(self) -> None:
        """Begin with the next offspring."""
        self.wall.clear()
        self.cpu.clear()


class TimedSandbox:
    """A sandbox whose jobs count as the stage `sandbox`, the child's CPU time included."""

    def __init__(self, sandbox: Sandbox, watch: Stopwatch) -> None:
        self._sandbox = sandbox
        self._watch = watch

    @property
    def tier(self) -> str:
        """The isolation of the sandbox."""
        return self._sandbox.tier

    def run(self, job: Job, limits: Limits, respond: Respond | None = None) -> Outcome:
        """Run one job."""
        with self._watch.stage("sandbox"):
            outcome = self._sandbox.run(job, limits, respond)
        self._watch.cpu["sandbox"] += 1000 * outcome.cpu_seconds
        return outcome

    def close(self) -> None:
        """Close the sandbox."""
        self._sandbox.close()


@contextmanager
def timed(watch: Stopwatch) -> Iterator[None]:
    """While active, the functions that make a stage tell the watch."""
    originals = [(home, name, getattr(home, name)) for home, name, _ in _PLACES]
    for home, name, stage in _PLACES:
        setattr(home, name, _timed(getattr(home, name), stage, watch))
    try:
        yield
    finally:
        for home, name, original in originals:
            setattr(home, name, original)


def _timed(function: Callable[..., Any], stage: str, watch: Stopwatch) -> Callable[..., Any]:
    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        with watch.stage(stage):
            return function(*args, **kwargs)

    return run
