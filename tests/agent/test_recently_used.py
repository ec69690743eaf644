import threading
from concurrent.futures import ThreadPoolExecutor

from archgraft.agent.recently_used import RecentlyUsed


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
