import pytest

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.refactoring.call_arguments import OLD_CALL
from archgraft.tree_ops.refactoring.edits import ReplaceCall
from tests.tree_ops.refactoring.texts import after, edited

PARAMETERS = ("width", "depth", "bias")


@pytest.mark.parametrize(
    ("before", "new", "expected"),
    [
        ("a = Old(8, 2)\n", f"{OLD_CALL}(depth=3)", "a = Old(8, 3)\n"),
        ("a = Old(8, depth = n)  # why\n", f"{OLD_CALL}(depth=3)", "a = Old(8, depth = 3)  # why\n"),
        ("a = Old(8)\n", f"{OLD_CALL}(bias=False)", "a = Old(8, bias=False)\n"),
        ("a = Old()\n", f"{OLD_CALL}(bias=False)", "a = Old(bias=False)\n"),
        ("a = Old(8)\n", f"Pair({OLD_CALL}(), {OLD_CALL}(width=4))", "a = Pair(Old(8), Old(4))\n"),
        ("a = Old(8, depth = 2)\n", "New(8, bias=False)", "a = New(8, bias = False)\n"),
        ("b = Other(c = 1)\na = Old(8)\n", "New(8, bias=False)", "b = Other(c = 1)\na = New(8, bias = False)\n"),
    ],
)
def test_arguments_are_set_in_the_call_that_stands_there(before: str, new: str, expected: str) -> None:
    number = before.startswith("b = ")
    assert edited(before, ReplaceCall(int(number), new, PARAMETERS)) == expected


def test_a_new_argument_gets_a_line_of_its_own_where_the_others_have_one() -> None:
    before = """
        if x:
            a = Old(
                8,  # wide
                depth=2,
            )
    """
    assert edited(before, ReplaceCall(0, f"{OLD_CALL}(bias=False)", PARAMETERS)) == after("""
        if x:
            a = Old(
                8,  # wide
                depth=2,
                bias=False,
            )
    """)


def test_what_unpacked_arguments_give_is_not_guessed() -> None:
    with pytest.raises(SourceError, match="unpacks arguments, so bias can't be set"):
        edited("a = Old(*sizes)\n", ReplaceCall(0, f"{OLD_CALL}(bias=False)", PARAMETERS))


def test_a_line_that_became_too_long_is_broken_like_its_neighbours() -> None:
    name = "number_of_hidden_features"
    before = f"""
        class Net:
            def __init__(self, {name}):
                self.fc = Old({name}, {name})
    """
    new = f"New({name}, {name}, {name})"
    assert edited(before, ReplaceCall(0, new)) == after(f"""
        class Net:
            def __init__(self, {name}):
                self.fc = New(
                    {name},
                    {name},
                    {name},
                )
    """)
