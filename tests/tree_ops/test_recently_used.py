import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

from archgraft.tree_ops.recently_used import RecentlyUsed, remembered_by_text


def asked(held: RecentlyUsed[int, str], key: int, made: list[int]) -> str:
    def make() -> str:
        made.append(key)
        return f"value {key}"

    return held.get(key, make)


def test_what_is_held_is_made_once() -> None:
    made: list[int] = []
    held: RecentlyUsed[int, str] = RecentlyUsed(2)
    values = [asked(held, key, made) for key in (1, 2, 1, 2)]
    assert values == ["value 1", "value 2", "value 1", "value 2"]
    assert made == [1, 2]


def test_what_was_not_used_for_longest_goes_first() -> None:
    made: list[int] = []
    held: RecentlyUsed[int, str] = RecentlyUsed(2)
    for key in (1, 2, 1, 3, 1, 2):
        asked(held, key, made)
    assert len(held) == 2
    assert made == [1, 2, 3, 2]


def test_threads_that_ask_at_once_are_given_one_value() -> None:
    held: RecentlyUsed[str, object] = RecentlyUsed(1)
    together = threading.Barrier(4)

    def make() -> object:
        together.wait(timeout=30)
        return object()

    with ThreadPoolExecutor(4) as pool:
        values = set(pool.map(lambda _: held.get("key", make), range(4)))
    assert len(values) == 1


def test_what_is_heavy_takes_the_room_of_several() -> None:
    held: RecentlyUsed[str, int] = RecentlyUsed(10, len)
    for key in ("four", "five", "six"):
        held.get(key, lambda: 0)
    assert [key for key in ("four", "five", "six") if held.find(key) is not None] == ["five", "six"]
    held.put("longer than all of it", 0)
    assert len(held) == 0


def test_a_value_that_is_put_in_anothers_place_weighs_once() -> None:
    held: RecentlyUsed[str, int] = RecentlyUsed(8, len)
    for value in range(9):
        held.put("four", value)
    held.put("five", 0)
    assert held.find("four") == 8


class Worked:
    """What a function came to; it can be seen whether anybody holds it still."""

    def __init__(self, text: str) -> None:
        self.text = text


def test_results_of_texts_are_held_by_the_length_of_the_texts() -> None:
    living: weakref.WeakSet[Worked] = weakref.WeakSet()

    @remembered_by_text(1000)
    def worked(text: str, number: int) -> Worked:
        result = Worked(text)
        living.add(result)
        return result

    for number in range(500):
        worked("x" * (number % 300), number)
        assert sum(len(result.text) for result in living) <= 1000
    assert worked("y", 0) is worked("y", 0)


def test_results_of_short_texts_are_as_few_as_was_said() -> None:
    living: weakref.WeakSet[Worked] = weakref.WeakSet()

    @remembered_by_text(1000, 10)
    def worked(text: str) -> Worked:
        result = Worked(text)
        living.add(result)
        return result

    for number in range(100):
        worked(str(number))
        assert len(living) <= 11  # one in hand
