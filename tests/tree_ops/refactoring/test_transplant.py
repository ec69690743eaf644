import pytest

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.refactoring.transplant import merged

COPY = "class A:\n    def forward(self, x):\n        y = self.f(x)\n        return x + y\n"
CHANGED = COPY.replace("return x + y", "return torch.maximum(x, y)")


def test_a_change_of_the_copy_is_made_among_the_authors_own_lines() -> None:
    author = COPY.replace("        y =", "        # the branch\n        y =")
    assert merged(author, COPY, CHANGED) == author.replace("return x + y", "return torch.maximum(x, y)")


def test_line_ends_stay_the_authors() -> None:
    assert merged(COPY.replace("\n", "\r\n"), COPY, CHANGED) == CHANGED.replace("\n", "\r\n")


def test_added_lines_follow_the_line_that_they_followed() -> None:
    added = COPY.replace("(x)\n", "(x)\n        y = y * 2\n")
    assert merged(COPY, COPY, added) == added


def test_lines_that_the_author_wrote_in_another_way_are_left_alone() -> None:
    with pytest.raises(SourceError, match="the author's lines are others"):
        merged(COPY.replace("x + y", "y + x"), COPY, CHANGED)
