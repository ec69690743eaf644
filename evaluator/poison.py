"""Refuses mined code that would harm the program it is grafted into, whatever it computes. Child side.

Found by watching, never by reading: files, network, processes, threads, prints, changes of state that all code shares,
the clock, reseeding, what is kept from call to call, and globals that only the author's training program has.
"""

import re
import sys
from collections.abc import Callable
from types import ModuleType

import torch
from torch import Tensor, nn

from archgraft.evaluator import process_state
from archgraft.evaluator.calls import watched_calls
from archgraft.evaluator.hoard import n_kept
from archgraft.evaluator.loading import MINED, load_module
from archgraft.evaluator.mined_frames import AT_IMPORT, WHEN_RUN
from archgraft.evaluator.nested import tensors
from archgraft.evaluator.watch import Watch

N_CALLS = 3
"""Calls between two looks at what is kept."""
_NO_GLOBAL = re.compile(r"NameError: name '(?P<name>\w+)' is not defined")
_NO_GROUP = re.compile(r"process group (has not been|is not) initialized|Default process group", re.IGNORECASE)


class Guard:
    """Watches one mined class through its whole probe; `poison` tells what was found. There is one in a process."""

    def __init__(self) -> None:
        self._watch = Watch()
        self._before: process_state.State = {}

    @property
    def poison(self) -> str | None:
        """Why the class is refused: all that was found, on one line."""
        return "; ".join(self._watch.found) or None

    def load(self, source: str) -> ModuleType:
        """Execute mined source while watching. Raises whatever it raises."""
        self._watch.start()
        self._before = process_state.take()
        try:
            with watched_calls(self._watch):
                return load_module(source, MINED)
        finally:
            self._look_around(AT_IMPORT)

    def watch_calls(self, build: Callable[[], nn.Module], inputs: Tensor) -> None:
        """Build and run a class that works once more: both modes, forward and backward, and what is kept afterwards."""
        with watched_calls(self._watch):
            module = build()
            _step(module, inputs)
        _step(module, inputs)
        namespace = sys.modules[MINED]
        kept = n_kept(module, namespace)
        for _ in range(N_CALLS):
            _step(module, inputs)
        if n_kept(module, namespace) >= kept + N_CALLS:
            self._watch.note("keeps more with every call", WHEN_RUN)

    def finish(self, problem: str = "") -> None:
        """Look around for the last time; `problem` is what the class was rejected for."""
        self._look_around(WHEN_RUN)
        if found := _NO_GLOBAL.match(problem):
            self._watch.note(f"needs a global {found['name']} that nothing defines", WHEN_RUN)
        elif _NO_GROUP.search(problem):
            self._watch.note("needs a distributed process group", WHEN_RUN)

    def _look_around(self, when: str) -> None:
        """Note what has changed since the last look."""
        now = process_state.take()
        for change in process_state.changes(self._before, now):
            self._watch.note(change, when)
        self._before = now


def _step(module: nn.Module, inputs: Tensor) -> None:
    """One call in eval mode, one step's worth in train mode."""
    module.eval()  # some classes override it and return nothing
    with torch.no_grad():
        module(inputs.clone())
    module.train()
    module.zero_grad(set_to_none=True)
    losses = [
        tensor.sum() for tensor in tensors(module(inputs.clone().requires_grad_().clone())) if tensor.requires_grad
    ]
    if losses:
        torch.autograd.backward(losses)
