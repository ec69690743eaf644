"""What was worked out lately, and no more of it: a search of a night has thousands of candidates, and uses a few.

What is worked out of texts is held by their length, not by their number: a candidate's file has one kilobyte or
hundreds of them.
"""

import functools
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, ParamSpec, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_P = ParamSpec("_P")


class RecentlyUsed(Generic[K, V]):
    """Values by key, of a total weight of at most `limit`: the one not used for longest goes first.

    Each weighs 1 unless `weight` says otherwise; one that outweighs the limit alone is not held. For several threads.
    """

    def __init__(self, limit: int, weight: Callable[[K], int] = lambda _: 1) -> None:
        self._limit = limit
        self._weight = weight
        self._total = 0
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
            if key not in self._held:
                self._put(key, made)
            return self._held.get(key, made)

    def find(self, key: K) -> V | None:
        """The value of a key, if it is held."""
        with self._turn:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, key: K, value: V) -> None:
        """Hold a value, in the place of an older one of its key."""
        with self._turn:
            self._put(key, value)

    def _put(self, key: K, value: V) -> None:
        if key not in self._held:
            self._total += self._weight(key)
        self._held[key] = value
        self._held.move_to_end(key)
        while self._total > self._limit:
            gone, _ = self._held.popitem(last=False)
            self._total -= self._weight(gone)


def remembered_by_text(
    max_characters: int, max_results: int | None = None
) -> Callable[[Callable[_P, V]], Callable[_P, V]]:
    """`functools.lru_cache` for functions of texts: it holds results of texts of at most so many characters in all.

    Arguments are given by position; those that are no texts weigh nothing. `max_results` is for results that are large
    even where their text is short.
    """
    least = max_characters // max_results if max_results is not None else 0

    def weight(arguments: tuple[object, ...]) -> int:
        return max(least, sum(len(argument) for argument in arguments if isinstance(argument, str)))

    def decorate(function: Callable[_P, V]) -> Callable[_P, V]:
        held: RecentlyUsed[tuple[object, ...], V] = RecentlyUsed(max_characters, weight)

        @functools.wraps(function)
        def remembering(*arguments: _P.args, **named: _P.kwargs) -> V:
            assert not named, f"{function.__name__} takes its arguments by position"
            return held.get(arguments, lambda: function(*arguments, **named))

        return remembering

    return decorate
