"""Names in extracted source: collisions, sharing, annotations."""

from pathlib import Path

from tests.tree_ops.extraction import assert_source, closure


def test_names_that_collide_get_a_number_but_locals_are_left_alone(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "a.py": "def scale(x):\n    return x + 1\n",
            "b.py": "def scale(x):\n    return x + 2\n",
            "net.py": """
                from . import a, b
                from .b import scale as rescale

                def net(x):
                    scale = a.scale(x)
                    return scale + b.scale(x) + rescale(x)
            """,
        },
        "pkg.net.net",
    )
    assert_source(
        found,
        """
        def scale_2(x):
            return x + 1


        def scale_3(x):
            return x + 2


        def net(x):
            scale = scale_2(x)
            return scale + scale_3(x) + scale_3(x)
        """,
    )


def test_equal_helpers_of_several_files_are_written_once(tmp_path: Path) -> None:
    helper = "def exists(v):\n    return v is not None\n"
    found = closure(
        tmp_path,
        {
            "a.py": helper + "\ndef f(x):\n    return exists(x)\n",
            "b.py": helper + "\nfrom .a import f\n\ndef g(x):\n    return exists(x) and f(x)\n",
        },
        "pkg.b.g",
    )
    assert found.source.count("def exists") == 1


def test_mutable_values_are_not_shared(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "a.py": "CACHE = {}\n\ndef f(x):\n    return CACHE.get(x)\n",
            "b.py": "CACHE = {}\nfrom .a import f\n\ndef g(x):\n    return CACHE.get(x) or f(x)\n",
        },
        "pkg.b.g",
    )
    assert found.source.count("= {}") == 2


def test_names_only_in_annotations_are_not_chased(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "config.py": "import not_there_xyz\n\nclass Config(not_there_xyz.Base):\n    pass\n",
            "a.py": """
                from typing import Optional
                from torch import Tensor
                from .config import Config

                def net(x: Tensor, config: Optional[Config] = None, *, other: "Config" = 3) -> Config:
                    found: Config = config
                    return found
            """,
        },
        "pkg.a.net",
    )
    assert_source(
        found,
        """
        from torch import Tensor


        def net(x: Tensor, config = None, *, other = 3):
            found = config
            return found
        """,
    )


def test_postponed_annotations_stay_postponed(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "a.py": """
                from __future__ import annotations

                def net(x: Net) -> int | None:
                    return x

                class Net: ...
            """
        },
        "pkg.a.net",
    )
    assert found.source.startswith("from __future__ import annotations\n")
    compile(found.source, "<extracted>", "exec")


def test_several_roots_share_one_closure(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "a.py": "from .c import f\n\nclass Net:\n    f = f\n",
            "b.py": "from .c import f\n\nclass Net:\n    g = f\n",
            "c.py": "def f():\n    return 1\n",
        },
        "pkg.a.Net",
        "pkg.b.Net",
    )
    assert found.names == {"pkg.a.Net": "Net", "pkg.b.Net": "Net_2"}
    assert found.source.count("def f") == 1


def test_globals_f_strings_and_quoted_names_follow_a_renaming(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "a.py": """
                COUNT = 0

                def count(x):
                    global COUNT
                    COUNT += 1
                    return f"{COUNT} of {x!r}"
            """,
            "b.py": """
                from .a import count

                COUNT = "mine"

                def net(x):
                    return count(x) + COUNT
            """,
        },
        "pkg.b.net",
    )
    scope: dict[str, object] = {}
    exec(found.source, scope)
    assert scope["net"](1) == "1 of 1mine"  # type: ignore[operator]
