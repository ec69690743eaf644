"""Laws of extraction over made-up packages: the same whatever came before, a fixpoint, and nothing left unresolved."""

import ast
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from pyflakes.checker import Checker  # type: ignore[import-untyped]

from archgraft.tree_ops.closure import extract
from archgraft.tree_ops.index import SourceIndex
from tests.tree_ops.extraction import index_of

_CLASSES = ["Alpha", "Beta", "Gamma", "Delta"]
_METHODS = ["mix", "norm", "_step", "reset", "scale"]
_FILES = ["one", "two", "three"]


@st.composite
def statements(draw: st.DrawFn) -> list[str]:
    """The body of a method: lookups of all kinds."""
    method, other = draw(st.sampled_from(_METHODS)), draw(st.sampled_from(_CLASSES))
    line = draw(
        st.sampled_from(
            [
                f"return self.{method}(x)",
                f"return self.part.{method}(x)",
                f"return {other}.{method}",
                f'return getattr(self, "{method}")(x)',
                f'return getattr(self, f"{method[:2]}{{x}}")(x)',
                f"self.{method} = {other}()",
                f'return TABLE["{other}"]()',
                "return math.pi",
                "return F.relu(x)",
            ]
        )
    )
    return [*draw(st.sampled_from([[], ['"""What it does."""'], ["# A remark.", "import math"]])), line]


@st.composite
def classes(draw: st.DrawFn, name: str) -> list[str]:
    base = draw(st.sampled_from(["nn.Module", "nn.Module", "dict", "object", "nn.Linear"]))
    lines = [f"class {name}({base}):", *draw(st.sampled_from([[], ['    """A class."""', ""]]))]
    for method in ["forward", *draw(st.permutations(_METHODS))[: draw(st.integers(0, 4))]]:
        lines += draw(st.sampled_from([[], ["    # Above it."], ["    @property"], ["", "    size = 3"]]))
        lines += [f"    def {method}(self, x=None):", *(f"        {line}" for line in draw(statements())), ""]
    return [*lines, ""]


@st.composite
def packages(draw: st.DrawFn) -> dict[str, str]:
    """Files whose classes use each other's, some under names that collide."""
    homes = {name: draw(st.lists(st.sampled_from(_FILES), min_size=1, max_size=2, unique=True)) for name in _CLASSES}
    table = ", ".join(f'"{name}": {name}' for name in _CLASSES)
    files = {}
    for file in _FILES:
        lines = ["import math", "import torch.nn.functional as F", "from torch import nn"]
        lines += [f"from .{homes[name][0]} import {name}" for name in _CLASSES if file not in homes[name]]
        for name in draw(st.permutations(_CLASSES)):
            lines += ["", *draw(classes(name))] if file in homes[name] else []
        files[f"{file}.py"] = "\n".join([*lines, f"TABLE = {{{table}}}", ""])
    return files


def roots_of(index: SourceIndex) -> list[tuple[str, str]]:
    found = [("pkg." + file, name) for file in _FILES for name in _CLASSES]
    return [root for root in found if any(header.name == root[1] for header in index.modules[root[0]].classes)]


@settings(max_examples=15, deadline=None)
@given(packages(), st.data())
def test_extraction_is_a_fixpoint_whatever_came_before_and_passes_pyflakes(
    files: dict[str, str], data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        index = index_of(Path(folder), files)
        roots = roots_of(index)
        first = {root: extract(index, [root]) for root in roots}
        fresh = index_of(Path(folder), files)
        for root in data.draw(st.permutations(roots)):
            assert extract(fresh, [root]) == first[root]
        for found in first.values():
            undefined = [str(message) for message in Checker(ast.parse(found.source)).messages]
            assert [message for message in undefined if "redefinition" not in message] == []
            again = extract(SourceIndex.of_texts({"alone": found.source}), [("alone", found.name)])
            assert again.source == found.source
