import pytest

from benchmarks.refactor import n_lines_outside

BEFORE = b"import os\n\n\ndef f(a):\n    x = g(a,\n          1)  # why\n    return x\n"


@pytest.mark.parametrize(
    ("after", "n_lines"),
    [
        (BEFORE, 0),
        (BEFORE.replace(b"g(a,", b"h(a,"), 0),
        (BEFORE.replace(b"g(a,\n          1)", b"h(a, 1)"), 1),
        (BEFORE.replace(b"    return x", b"    x.b = 2\n    return x"), 0),
        (BEFORE.replace(b"import os\n", b"import os\nfrom m import n\n"), 0),
        (BEFORE.replace(b"# why", b"# what"), 2),
        (BEFORE.replace(b"return x", b"return  x"), 2),
    ],
)
def test_lines_that_no_difference_of_the_trees_needs_are_outside(after: bytes, n_lines: int) -> None:
    assert n_lines_outside(BEFORE, after) == n_lines
