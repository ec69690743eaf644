import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from archgraft.tree_ops import closure
from archgraft.tree_ops.syntax import literal, parse, parse_expression


@pytest.fixture
def impatient_threads() -> Iterator[None]:
    """Threads take turns as often as the interpreter allows."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("impatient_threads")
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
