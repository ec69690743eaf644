"""Which entries of dicts extraction keeps."""

from pathlib import Path

import pytest

from tests.tree_ops.extraction import assert_source, closure, run


def test_of_a_dict_only_the_entries_that_are_looked_up_stay(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "a.py": """
                def one():
                    return 1

                def two():
                    return 2

                LAYERS = {
                    "one": one,
                    # The second.
                    "two": two,
                    "none": None,
                }
                LAYERS["late"] = two
                LAYERS["early"] = one
                SIZES = {"s": 1, "m": 2, "l": 3}
                COUNTS = dict(few=one, many=two)
                EMPTY = {"a": two}

                def net(x):
                    known = "a" in EMPTY.get("b", ())
                    return LAYERS["one"](), LAYERS.get("early"), SIZES["m"], COUNTS["few"], "none" in LAYERS
            """
        },
        "pkg.a.net",
    )
    assert_source(
        found,
        """
        def one():
            return 1


        LAYERS = {
            "one": one,
            "none": None,
        }

        LAYERS["early"] = one
        SIZES = {"m": 2}
        COUNTS = dict(few=one)
        EMPTY = {}


        def net(x):
            known = "a" in EMPTY.get("b", ())
            return LAYERS["one"](), LAYERS.get("early"), SIZES["m"], COUNTS["few"], "none" in LAYERS
        """,
    )


@pytest.mark.parametrize("use", ["LAYERS[x]", "list(LAYERS)", "a.LAYERS.items()", "f(LAYERS)", "LAYERS.get(x)"])
def test_a_dict_that_is_used_in_any_other_way_stays_whole(tmp_path: Path, use: str) -> None:
    files = {
        "a.py": 'LAYERS = {"one": 1, "two": 2}\nLAYERS["three"] = 3\n',
        "b.py": f'from . import a\nfrom .a import LAYERS\n\ndef net(x, f):\n    return LAYERS["one"], {use}\n',
    }
    layers = run(closure(tmp_path, files, "pkg.b.net"))["LAYERS"]
    assert layers == {"one": 1, "two": 2, "three": 3}
