"""Folding never shows: random programs do, and raise, the same before and after."""

from hypothesis import given, settings

from tests.tree_ops.extraction import folded
from tests.tree_ops.random_programs import PROGRAM, behaviour


@settings(deadline=None, max_examples=60)
@given(PROGRAM)
def test_folded_programs_do_the_same(source: str) -> None:
    found = folded(source).source
    assert behaviour(found) == behaviour(source)
    assert folded(found).source == found
