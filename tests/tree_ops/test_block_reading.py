"""Reading block by block gives what reading at once gives."""

from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archgraft.tree_ops.block_reading import read_text
from archgraft.tree_ops.module_reader import parse_module
from archgraft.tree_ops.modules import ModuleSource

_STATEMENTS = (
    "import math\n",
    "from torch import nn as layers\n",
    "# a comment\n",
    "\n",
    "def first(x):\n    return x\n",
    "async def second(x):\n    return x\n",
    "@layers.wraps(\n    first,\n)\n@second\ndef third(x):\n    pass\n",
    "class Fourth(first):\n    def g(self): return 1\n",
    'TEXT = """\n# not a comment\ndef not_a_function():\n@neither\n"""\n',
    "TABLE = [\n    1,\n]; OTHER = 2\n",
    "TABLE += [3]\nTABLE.append(4)\n",
    "if math:\n    def guarded(): pass\nelse:\n    import sys\n",
    'if __name__ == "__main__":\n    first(1)\n',
)


def everything(module: ModuleSource) -> list[object]:
    return [getattr(module, name) for name in module.__slots__]


def at_once(text: str) -> ModuleSource:
    return parse_module(text, "m", Path("m.py"))


@given(st.lists(st.sampled_from(_STATEMENTS)), st.sampled_from(["", '"""What it is."""\n', "# Licence\n\n"]))
def test_blocks_make_up_the_whole(statements: list[str], header: str) -> None:
    text = header + "".join(statements)
    assert everything(read_text(text, "m")) == everything(at_once(text))


@pytest.mark.parametrize("path", sorted(Path(__file__).parents[2].glob("tree_ops/*.py")), ids=lambda path: path.stem)
def test_blocks_make_up_our_own_files(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert everything(read_text(text, "m")) == everything(at_once(text))


def test_what_is_no_python_is_refused_with_its_line() -> None:
    text = dedent(
        """
        def fine():
            pass

        def broken(:
            pass
        """
    )
    with pytest.raises(SyntaxError) as caught:
        read_text(text, "m")
    assert caught.value.lineno == 5
