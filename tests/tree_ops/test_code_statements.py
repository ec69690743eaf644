"""Statements are read once for all sources that hold them, and what they set is told."""

from textwrap import dedent

import pytest

from archgraft.tree_ops.code_reading import SourceReading
from archgraft.tree_ops.code_statements import Statement, statements_of

SOURCE = dedent(
    '''
    """A file."""
    import torch.nn as nn
    from torch.nn import functional as F

    RATES = {"a": 1}; RATES["b"] = 2


    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.width = 1

        def forward(self, x):
            x.seen, self.count = True, 2
            return F.relu(x)

        @classmethod
        def patched(cls):
            cls.forward = None


    def changed(block):
        setattr(block, "late", 1)
        del block.width
        return Block
    '''
)


def by_name(source: str) -> dict[str, Statement]:
    return {name: statement for statement in statements_of(source) for name in statement.names}


def test_an_edit_of_one_statement_leaves_the_others_the_objects_that_they_were() -> None:
    before, after = by_name(SOURCE), by_name(SOURCE.replace("block, ", "block,  "))
    assert before["Block"] is after["Block"]
    assert before["changed"] is not after["changed"]


def test_what_code_sets_is_told_and_what_it_sets_on_others() -> None:
    found = by_name(SOURCE)
    assert found["Block"].stores == {"width", "seen", "count", "forward"}
    assert found["Block"].stores_elsewhere == {"seen", "forward"}
    assert found["changed"].stores == found["changed"].stores_elsewhere == {"late", "width"}


def test_statements_on_one_line_are_two() -> None:
    touching = [statement for statement in statements_of(SOURCE) if "RATES" in statement.names]
    assert [statement.column for statement in touching] == [0, 18]
    assert touching[0].form.text != touching[1].form.text


def test_the_content_of_a_definition_changes_with_what_it_uses_and_with_nothing_else() -> None:
    def content(*changes: tuple[str, str]) -> str:
        source = SOURCE
        for old, new in changes:
            assert old in source
            source = source.replace(old, new)
        return SourceReading(source).content("changed")

    assert content(('"a": 1', '"a": 3')) == content()
    assert content(("Block", "Other"), ("changed", "changed")) == content()
    assert content(("from torch.nn import functional as F\n", ""), ("F.relu", "nn.functional.relu")) == content()
    assert content(("F.relu", "F.gelu")) != content()


def test_what_is_no_python_is_refused() -> None:
    with pytest.raises(SyntaxError):
        list(statements_of("x = 1\n\n\ndef broken(:\n    pass\n"))
