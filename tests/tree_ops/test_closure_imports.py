"""What extraction makes of imports of every kind."""

from pathlib import Path

import pytest

from archgraft.tree_ops.closure import ClosureError
from tests.tree_ops.extraction import assert_source, closure, run


def test_re_exports_star_imports_and_dotted_modules_lead_to_the_definition(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "layers/__init__.py": "from .norm import *\nfrom .drop import Drop as DropPath\n",
            "layers/norm.py": "def norm(x):\n    return x\n",
            "layers/drop.py": "class Drop:\n    pass\n",
            "net.py": """
                import pkg.layers
                import pkg.layers as L
                from pkg.layers import *

                def net(x):
                    return norm(L.norm(pkg.layers.norm(x))), L.DropPath, L.drop.Drop
            """,
        },
        "pkg.net.net",
    )
    assert "return norm(norm(norm(x))), Drop, Drop" in found.source
    assert "import" not in found.source


def test_guarded_imports_of_missing_packages_stay_as_they_are(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "a.py": """
                try:
                    import not_there_xyz
                    HAS = True
                except ImportError:
                    not_there_xyz = None
                    HAS = False

                def net(x):
                    return not_there_xyz.f(x) if HAS else x
            """
        },
        "pkg.a.net",
    )
    assert found.requires == ("torch",)
    scope: dict[str, object] = {}
    exec(found.source, scope)
    assert scope["HAS"] is False


def test_guarded_imports_of_indexed_code_are_inlined(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "fast.py": "def f(x):\n    return x\n",
            "a.py": """
                try:
                    from .fast import f
                    from ._C import kernel
                    HAS = True
                except ImportError:
                    HAS = False

                def net(x):
                    return f(x), HAS
            """,
        },
        "pkg.a.net",
    )
    scope: dict[str, object] = {}
    exec(found.source, scope)
    assert scope["HAS"] is False
    assert scope["net"](1) == (1, False)  # type: ignore[operator]


def test_imports_inside_functions_are_inlined_too(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "b.py": "def helper(x):\n    return x + 1\n",
            "a.py": """
                def net(x):
                    from .b import helper as h
                    import math
                    return math.floor(h(x))
            """,
        },
        "pkg.a.net",
    )
    scope: dict[str, object] = {}
    exec(found.source, scope)
    assert scope["net"](1.5) == 2  # type: ignore[operator]


def test_a_package_that_is_needed_is_required_one_that_may_be_missing_is_optional(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "a.py": """
                from not_there_xyz import Base, Frozen

                class Net(Base):
                    def freeze(self, x):
                        return isinstance(x, Frozen)
            """
        },
        "pkg.a.Net",
    )
    assert found.requires == ("not_there_xyz", "torch")
    lazy = closure(
        tmp_path / "lazy",
        {"a.py": "from not_there_xyz import Frozen\n\ndef is_frozen(x):\n    return isinstance(x, Frozen)\n"},
        "pkg.a.is_frozen",
    )
    assert (lazy.requires, lazy.optional) == (("torch",), ("not_there_xyz",))
    scope: dict[str, object] = {}
    exec(lazy.source, scope)
    assert scope["is_frozen"](1) is False  # type: ignore[operator]


def test_einops_is_replaced_by_the_shim(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "a.py": """
                from einops import rearrange

                def heads(x):
                    return rearrange(x, "b n (h d) -> b h n d", h=2)
            """
        },
        "pkg.a.heads",
    )
    assert "einops" not in found.source
    assert "def rearrange" in found.source
    assert "def pack" not in found.source


def test_a_definition_replaces_an_import_of_the_same_name(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "a.py": """
                from not_there_xyz import first, pad
                from math import floor

                def pad(x):
                    return x

                floor = [floor]

                def net(x):
                    return pad(floor[0](x))
            """
        },
        "pkg.a.net",
    )
    assert "not_there_xyz" not in found.source
    scope: dict[str, object] = {}
    exec(found.source, scope)
    assert scope["net"](1.5) == 1  # type: ignore[operator]


def test_imports_inside_functions_leave_no_trace_unless_they_are_used(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "b.py": "def helper(x):\n    return x + 1\n",
            "a.py": """
                def net(x):
                    from .b import helper
                    import os, math  # one of two
                    try:
                        import not_there_xyz
                    except ImportError:
                        from .b import helper
                    if x:
                        import os
                    return math.floor(helper(x))
            """,
        },
        "pkg.a.net",
    )
    assert_source(
        found,
        """
        def helper(x):
            return x + 1


        def net(x):
            import math  # one of two
            try:
                import not_there_xyz
            except ImportError:
                pass
            if x:
                pass
            return math.floor(helper(x))
        """,
    )


def test_a_name_that_a_function_imports_or_binds_otherwise_stays_its_variable(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "b.py": """
                def helper(x):
                    return x + 1

                def other(x, is_slow=False):
                    return -x if is_slow else x
            """,
            "a.py": """
                def net(x):
                    if x > 1:
                        from math import floor
                        from .b import helper
                        from .b import other as chosen
                    else:
                        floor = helper = None
                        from .b import helper as chosen
                    return chosen(x), floor and floor(x), helper and helper(x)
            """,
        },
        "pkg.a.net",
    )
    assert_source(
        found,
        """
        def net(x):
            if x > 1:
                from math import floor
                helper = globals()["helper"]
                chosen = other
            else:
                floor = helper = None
                chosen = globals()["helper"]
            return chosen(x), floor and floor(x), helper and helper(x)


        def helper(x):
            return x + 1


        def other(x, is_slow=False):
            return -x if is_slow else x
        """,
    )
    scope = run(found)
    assert [scope["net"](x) for x in (0, 2)] == [(1, None, None), (2, 2, 3)]  # type: ignore[operator]


def test_a_module_of_the_package_that_a_function_binds_by_choice_is_refused(tmp_path: Path) -> None:
    texts = {"b.py": "X = 1\n", "c.py": "X = 2\n"}
    texts["a.py"] = """
        def net(x):
            if x:
                from . import b as home
            else:
                from . import c as home
            return home.X
    """
    with pytest.raises(ClosureError, match=r"uses the module pkg\.b as a value"):
        closure(tmp_path, texts, "pkg.a.net")


def test_guarded_imports_of_what_is_always_there_are_plain_imports(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "a.py": """
                from .b import has_torch

                if has_torch():
                    import torch
                try:
                    from math import pi
                except ImportError:
                    pi = 3

                def net(x: "torch.Tensor"):
                    return torch.sum(x) * pi
            """,
            "b.py": "def has_torch():\n    return True\n",
        },
        "pkg.a.net",
    )
    assert_source(
        found,
        """
        import torch


        try:
            from math import pi
        except ImportError:
            pi = 3


        def net(x: "torch.Tensor"):
            return torch.sum(x) * pi
        """,
    )
