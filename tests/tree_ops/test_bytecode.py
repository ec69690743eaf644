"""Compiled block by block, a file is what it is compiled at once: the same instructions, at the same positions."""

import marshal
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType

import pytest

from archgraft.tree_ops.bytecode import bytecode

NAME = "<model>"


def functions(codes: Iterable[CodeType]) -> Iterator[CodeType]:
    for code in codes:
        yield from functions(value for value in code.co_consts if isinstance(value, CodeType))
        yield code


def all_of(code: CodeType) -> list[object]:
    plain = [value for value in code.co_consts if not isinstance(value, CodeType)]
    return [code.co_qualname, code.co_code, plain, code.co_flags, code.co_filename, list(code.co_positions())]


def by_blocks(source: str) -> list[CodeType]:
    data = bytecode(source, NAME)
    assert data is not None
    found: list[CodeType] = marshal.loads(data)
    return found


@pytest.mark.parametrize("path", sorted(Path(__file__).parents[2].glob("tree_ops/*.py")), ids=lambda path: path.stem)
def test_functions_and_classes_are_the_same_at_the_same_places(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    whole = functions([compile(source, NAME, "exec", dont_inherit=True)])
    expected = {(code.co_qualname, code.co_firstlineno): all_of(code) for code in whole if code.co_name != "<module>"}
    found = {
        (code.co_qualname, code.co_firstlineno): all_of(code)
        for code in functions(by_blocks(source))
        if code.co_name != "<module>"
    }
    assert found == expected


def test_running_the_blocks_in_turn_gives_the_module() -> None:
    source = '"""What it is."""\nX = 1\n\n\ndef f():\n    return X + 1\n\n\nclass C:\n    y = f()\n\n\nX = C.y\n'
    names: dict[str, object] = {}
    for code in by_blocks(source):
        exec(code, names)
    assert (names["X"], names["__doc__"]) == (2, "What it is.")


def test_annotations_that_are_postponed_at_the_top_are_so_everywhere() -> None:
    source = "from __future__ import annotations\n\n\ndef f(x: Unknown) -> Unknown:\n    return x\n"
    names: dict[str, object] = {}
    for code in by_blocks(source):
        exec(code, names)
    assert names["f"].__annotations__ == {"x": "Unknown", "return": "Unknown"}


@pytest.mark.parametrize(
    "source",
    ["def f(:\n    pass\n", "def f():\n    pass\n\n\ndef g():\n    pass\n\n\nfrom __future__ import annotations\n"],
)
def test_what_python_refuses_is_left_to_the_child(source: str) -> None:
    assert bytecode(source, NAME) is None
