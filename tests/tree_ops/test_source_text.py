import pytest

from archgraft.tree_ops.source_text import call_with, read_site
from archgraft.tree_ops.tree import CodeSite

PARAMETERS = ["in_channels", "out_channels", "kernel_size", "stride", "padding"]


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        ("Conv(8, 16, 3)", [("kernel_size", "5")], "Conv(8, 16, 5)"),
        ("Conv(8, 16, kernel_size=3)", [("kernel_size", "5")], "Conv(8, 16, kernel_size=5)"),
        ("Conv(8, 16, 3)", [("padding", "2")], "Conv(8, 16, 3, padding=2)"),
        ("Conv(8, 16, 3)", [("kernel_size", "5"), ("padding", "2")], "Conv(8, 16, 5, padding=2)"),
        ("Conv()", [("stride", "2")], "Conv(stride=2)"),
        (
            "Conv(8, 16,\n     3,  # small\n     )",
            [("kernel_size", "(1, 3)")],
            "Conv(8, 16,\n     (1, 3),  # small\n     )",
        ),
        ("Conv(8, 16,)", [("stride", "2")], "Conv(8, 16, stride=2)"),
        ("Conv(größe, 16, 3)", [("kernel_size", "5")], "Conv(größe, 16, 5)"),
    ],
)
def test_an_argument_is_set_where_it_stands_and_the_rest_of_the_call_keeps_its_form(
    before: str, changes: list[tuple[str, str]], after: str
) -> None:
    assert call_with(before, changes, PARAMETERS) == after


@pytest.mark.parametrize("call", ["Conv(*widths)", "Conv(8, **options)"])
def test_a_call_whose_arguments_cannot_be_told_from_its_text_is_left_alone(call: str) -> None:
    assert call_with(call, [("stride", "2")], PARAMETERS) is None


def test_a_site_is_read_by_byte_columns_as_cpython_counts_them() -> None:
    source = "def f():\n    größe = Conv(1, 2)  # ä\n"
    start = len("    größe = ".encode())
    site = CodeSite(2, start, 2, start + len("Conv(1, 2)"), "f", 1)
    assert read_site(source, site) == "Conv(1, 2)"
