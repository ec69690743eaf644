"""Which calls mined code makes that tie a network to the clock, start threads or take away random state. Child side.

A profile hook sees calls of built-in functions too, with the frame that calls; it slows Python code down, so it watches
one pass, not a whole probe.
"""

import random  # noqa: TID251 - to recognise its functions in other people's code
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

import numpy as np
import torch

from archgraft.evaluator.mined_frames import AT_IMPORT, is_mined, phase
from archgraft.evaluator.watch import Watch

_CLOCKS = frozenset(
    f"{name}{unit}" for name in ("time", "monotonic", "perf_counter", "process_time") for unit in ("", "_ns")
)
_DATES = frozenset({"datetime.now", "datetime.utcnow", "date.today", "datetime.today"})
_RESEEDING = {
    torch.manual_seed.__code__: "reseeds torch",
    torch.random.set_rng_state.__code__: "reseeds torch",
    random.Random.seed.__code__: "reseeds Python's random numbers",
}
_FORKING: CodeType = vars(torch.random.fork_rng)["__wrapped__"].__code__
_CATCHING, _RELEASING = (
    method.__code__ for method in (warnings.catch_warnings.__enter__, warnings.catch_warnings.__exit__)
)
_STARTING = threading.Thread.start.__code__
_FILTERING = frozenset(
    function.__code__ for function in (warnings.filterwarnings, warnings.simplefilter, warnings.resetwarnings)
)


@contextmanager
def watched_calls(watch: Watch) -> Iterator[None]:
    """Note such calls while the block runs."""

    def seed(*arguments: Any, **named: Any) -> None:
        if is_mined(sys._getframe(1)):
            watch.note("reseeds numpy", phase(sys._getframe(1)))
        true_seed(*arguments, **named)

    true_seed, np.random.seed = np.random.seed, seed  # noqa: TID251 - compiled by Cython, which profiling can't see
    sys.setprofile(_Calls(watch))
    try:
        yield
    finally:
        sys.setprofile(None)
        np.random.seed = true_seed  # noqa: TID251


class _Calls:
    """A profile hook. What is done between saving a state and restoring it does no harm."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._forks = set[int]()
        """Frames of `fork_rng` that are entered; a generator's frame is called once more when it is left."""
        self._n_caught = 0

    def __call__(self, frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and is_mined(frame):
            _note_built_in(self._watch, called, phase(frame))
        elif event == "call":
            self._called(frame, frame.f_code)

    def _called(self, frame: FrameType, code: CodeType) -> None:
        if code is _FORKING:
            self._forks ^= {id(frame)}
        elif code in (_CATCHING, _RELEASING):
            self._n_caught += 1 if code is _CATCHING else -1
        elif code is _STARTING:
            self._watch.note("starts threads", phase(frame))
        elif code in _RESEEDING and not self._forks and is_mined(frame.f_back):
            self._watch.note(_RESEEDING[code], phase(frame.f_back))
        elif code in _FILTERING and not self._n_caught and is_mined(frame.f_back):
            self._watch.note("changes warning filters", phase(frame.f_back))


def _note_built_in(watch: Watch, called: Any, when: str | None) -> None:
    name = getattr(called, "__name__", "")
    if called is time.sleep:
        watch.note("sleeps", when)
    is_clock = getattr(called, "__self__", None) is time and name in _CLOCKS
    if (is_clock or getattr(called, "__qualname__", "") in _DATES) and when != AT_IMPORT:
        watch.note("reads the clock", when)
