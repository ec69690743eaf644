"""What was worked out lately, and no more of it: a search of a night has thousands of candidates, and uses a few."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class RecentlyUsed(Generic[K, V]):
    """Values by key, at most `limit` of them: the one not used for longest goes first. For several threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: OrderedDict[K, V] = OrderedDict()
        self._turn = threading.Lock()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of a key, made now unless it is held. Two threads at once may both make it; one is kept."""
        with self._turn:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        made = make()
        with self._turn:
            kept = self._held.setdefault(key, made)
            self._held.move_to_end(key)
            while len(self._held) > self._limit:
                self._held.popitem(last=False)
        return kept
