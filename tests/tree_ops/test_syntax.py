import gc
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from archgraft.tree_ops import closure
from archgraft.tree_ops.syntax import literal, parse, parse_expression


@pytest.fixture
def switching_threads() -> Iterator[None]:
    """Threads change places whenever the garbage collector runs, in the midst of a parse too; and it runs often."""

    def step_aside(*_: object) -> None:
        time.sleep(0)

    threshold = gc.get_threshold()
    gc.callbacks.append(step_aside)
    gc.set_threshold(50)
    yield
    gc.set_threshold(*threshold)
    gc.callbacks.remove(step_aside)


@pytest.mark.usefixtures("switching_threads")
def test_threads_may_parse_at_once() -> None:
    text = Path(closure.__file__).read_text(encoding="utf-8")
    with ThreadPoolExecutor(4) as pool:
        bodies = [len(tree.body) for tree in pool.map(parse, [text] * 40)]
    assert set(bodies) == {len(parse(text).body)}


def test_expressions_and_literals() -> None:
    assert literal("(1, [2.5, None])") == (1, [2.5, None])
    assert parse_expression("f(x)").lineno == 1
    with pytest.raises(ValueError, match="malformed"):
        literal("open('x')")
