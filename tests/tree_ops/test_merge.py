import ast
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyflakes.checker import Checker  # type: ignore[import-untyped]

from archgraft.tree_ops.closure import close
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.index import SourceIndex
from archgraft.tree_ops.merge import Addition, assemble, merge, merge_all, prune


def text(source: str) -> str:
    return dedent(source).lstrip("\n")


def problems(source: str) -> list[str]:
    return [str(message) for message in Checker(ast.parse(source)).messages]


HOST = text(
    '''
    # The host. Licence: MIT.
    """What it is."""

    import math

    from torch import nn


    def scale(x):
        return x * math.pi


    class Net(nn.Module):
        def forward(self, x):
            return scale(x)
    '''
)


def test_the_addition_comes_first_and_gives_way_where_names_collide() -> None:
    mined = text(
        """
        import torch.nn.functional as F
        from torch import nn


        def scale(x):
            return F.relu(x)


        class Net(nn.Module):
            def forward(self, x):
                return scale(x)


        class Unused:
            pass
        """
    )
    merged = merge(HOST, mined, "Net")
    assert merged.class_name == "Net_2"
    assert merged.source == text(
        '''
        # The host. Licence: MIT.
        """What it is."""

        import math

        import torch.nn.functional as F
        from torch import nn


        def scale_2(x):
            return F.relu(x)


        class Net_2(nn.Module):
            def forward(self, x):
                return scale_2(x)


        def scale(x):
            return x * math.pi


        class Net(nn.Module):
            def forward(self, x):
                return scale(x)
        '''
    )


def test_equal_definitions_are_shared() -> None:
    merged = merge(HOST, HOST, "Net")
    assert merged.source == HOST
    assert merged.class_name == "Net"


def test_import_names_of_the_addition_give_way_too() -> None:
    base = "import torch.nn.functional as F\n\n\ndef f(x):\n    return F.relu(x)\n"
    addition = "from math import floor as F\n\n\nclass Net:\n    def g(self, x):\n        return F(x)\n"
    merged = merge(base, addition, "Net")
    assert "from math import floor as F_2" in merged.source
    assert "return F_2(x)" in merged.source
    assert "return F.relu(x)" in merged.source


def test_several_definitions_of_one_addition_are_added_at_once_and_share_what_they_need() -> None:
    addition = (
        "def helper():\n    return 1\n\n\ndef first():\n    return helper()\n\n\ndef second():\n    return helper()\n"
    )
    source, names = merge_all("def first():\n    return 0\n", addition, ["first", "second"])
    assert names == ["first_2", "second"]
    assert source.count("def helper") == 1


def test_futures_come_first() -> None:
    addition = "from __future__ import annotations\n\n\nclass Cell:\n    def f(self) -> Cell:\n        return self\n"
    merged = merge("import math\n\n\ndef f():\n    return math.pi\n", addition, "Cell")
    assert merged.source.startswith("from __future__ import annotations\n\nimport math\n")


def test_pruning_keeps_what_the_roots_reach_and_the_header() -> None:
    source = HOST + "\n\nclass Unused(Net):\n    pass\n\n\nLEFTOVER = scale(3)\n"
    assert prune(source, ["Net"]) == HOST


@pytest.mark.parametrize("call", [lambda: merge(HOST, "class Net: pass\n", "Gone"), lambda: prune(HOST, ["Gone"])])
def test_a_missing_name_is_named(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SourceError, match="'Gone' is not defined"):
        call()


def test_what_is_no_python_is_refused() -> None:
    with pytest.raises(SourceError, match="line 1"):
        prune("class :", ["Net"])


def test_assembling_fills_slots_and_keeps_what_the_roots_reach() -> None:
    base = (
        "from torch import nn\n\n\nclass Cell(nn.Module):\n    pass\n\n\ndef build():\n    return SLOT_0_(SLOT_1_())\n"
    )
    mined = "import math\n\n\nclass Cell:\n    size = math.pi\n"
    wrapper = "class Wrapper:\n    pass\n"
    parts = {"SLOT_0_": Addition(wrapper, "Wrapper"), "SLOT_1_": Addition(mined, "Cell")}
    assembled = assemble(base, parts, ["build"])
    assert assembled.names == {"SLOT_0_": "Wrapper", "SLOT_1_": "Cell"}
    assert assembled.source == text(
        """
        import math


        class Wrapper:
            pass


        class Cell:
            size = math.pi


        def build():
            return Wrapper(Cell())
        """
    )


def test_imports_that_the_base_may_rely_on_are_written_where_it_does() -> None:
    base = "def build(x):\n    return nn.Identity()(torch.relu(x))\n"
    assembled = assemble(base, {}, ["build"], ["import math", "import torch", "from torch import nn"])
    assert assembled.source == f"import torch\nfrom torch import nn\n\n\n{base}"


def test_imports_that_the_base_may_rely_on_do_not_replace_its_own_names() -> None:
    base = "nn = 1\n\n\ndef build():\n    return nn\n"
    assert assemble(base, {}, ["build"], ["from torch import nn"]).source == base


_NAMES = ["alpha", "beta", "gamma", "delta"]


@st.composite
def sources(draw: st.DrawFn) -> str:
    """A self-contained file in which definitions use each other and themselves, imports, and locals of equal names."""
    lines = ["import math", "from functools import partial", "from torch import nn as layers"]
    for name in draw(st.permutations(_NAMES)):
        used, hidden = draw(st.sampled_from(_NAMES)), draw(st.sampled_from(_NAMES))
        constant = draw(st.integers(0, 2))
        lines += draw(
            st.sampled_from(
                [
                    [f"def {name}(x, {hidden}_=1):", f"    return partial({used}, math.pi, {constant})"],
                    [f"class {name}(layers.Module):", f"    size = {constant}", f"    f = lambda self: {used}"],
                    [f"def {name}({hidden}):", f"    other = f'{{{hidden}}} {{math}}'", f"    return other, {hidden}"],
                ]
            )
        )
    return "\n".join(lines) + "\n"


@given(sources(), sources(), st.sampled_from(_NAMES))
def test_every_name_stays_resolved(base: str, addition: str, name: str) -> None:
    merged = merge(base, addition, name)
    assert problems(merged.source) == []
    assert merged.class_name in {getattr(node, "name", None) for node in ast.parse(merged.source).body}
    assert {*_NAMES} <= {getattr(node, "name", None) for node in ast.parse(merged.source).body}


@given(sources(), st.lists(st.sampled_from(_NAMES), min_size=1))
def test_pruning_is_idempotent_and_leaves_nothing_unresolved(source: str, roots: list[str]) -> None:
    pruned = prune(source, roots)
    assert problems(pruned) == []
    assert prune(pruned, roots) == pruned


def anew(source: str, roots: list[str]) -> str:
    """What pruning gives when nothing is remembered."""
    index = SourceIndex.of_texts({"base": source})
    definitions = [index.definition(("base", root)) for root in roots]
    return close(index, definitions, header=index.modules["base"].header, lenient=True).source


@given(st.lists(sources(), min_size=2, max_size=4), st.sampled_from(_NAMES))
def test_what_is_remembered_of_other_texts_changes_nothing(texts: list[str], root: str) -> None:
    for source in texts:
        assert prune(source, [root]) == anew(source, [root])


@given(sources(), sources(), st.sampled_from(_NAMES), st.sampled_from(_NAMES))
def test_assembling_is_merging_each_addition_and_pruning(base: str, addition: str, first: str, second: str) -> None:
    speaking = f"{base}\n\ndef build(x):\n    return SLOT_0_, [SLOT_1_(x) for x in SLOT_0_(x)]\n"
    roots = [*_NAMES, "build"]
    assembled = assemble(
        speaking, {f"SLOT_{i}_": Addition(addition, name) for i, name in enumerate((first, second))}, roots
    )
    source, names = merge_all(speaking, addition, [first, second])
    for number, name in enumerate(names):
        source = source.replace(f"SLOT_{number}_", name)
    assert (assembled.source, list(assembled.names.values())) == (prune(source, roots), names)
