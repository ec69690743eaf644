"""What extraction makes of real code's habits: each test is a tiny package and the source that comes out."""

from pathlib import Path
from textwrap import dedent

import pytest

from archgraft.tree_ops.closure import ClosureError, Extraction, extract
from archgraft.tree_ops.index import SourceIndex
from archgraft.tree_ops.sources import SourceRoot


def index_of(folder: Path, files: dict[str, str], package: str = "pkg") -> SourceIndex:
    for name, text in {"__init__.py": "", **files}.items():
        path = folder / package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return SourceIndex.build([SourceRoot(package, "1.0", "MIT", folder / package, package)])


def closure(folder: Path, files: dict[str, str], *roots: str) -> Extraction:
    return extract(index_of(folder, files), roots)


def assert_source(extraction: Extraction, expected: str) -> None:
    assert extraction.source == dedent(expected).lstrip("\n")
    compile(extraction.source, "<extracted>", "exec")


def test_follows_names_over_files_and_keeps_the_authors_text(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "act.py": """
                import torch.nn.functional as F

                def swish(x,  slope = 1.0):  # the author's spacing stays
                    return x * F.sigmoid(slope * x)

                def unused(x):
                    return x
            """,
            "block.py": """
                from torch import nn
                from .act import swish

                # Comments above a definition belong to it.
                class Block(nn.Module):
                    def forward(self, x):
                        return swish(x)
            """,
        },
        "pkg.block.Block",
    )
    assert_source(
        found,
        """
        import torch.nn.functional as F
        from torch import nn


        def swish(x,  slope = 1.0):  # the author's spacing stays
            return x * F.sigmoid(slope * x)


        # Comments above a definition belong to it.
        class Block(nn.Module):
            def forward(self, x):
                return swish(x)
        """,
    )
    assert found.requires == ("torch",)
    assert found.names == {"pkg.block.Block": "Block"}


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


def test_eager_needs_decide_the_order_lazy_ones_dont(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "a.py": """
                from .b import Base

                def helper():
                    return Late()

                class First(Base):
                    table = helper

                class Late:
                    pass
            """,
            "b.py": "class Base:\n    pass\n",
        },
        "pkg.a.First",
    )
    order = [line.split("(")[0].strip(":") for line in found.source.splitlines() if line.startswith(("class", "def"))]
    assert order == ["class Base", "def helper", "class First", "class Late"]


def test_what_a_module_level_call_runs_comes_before_the_call(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "b.py": "from .c import size\n\ndef make():\n    return size()\n",
            "c.py": "def size():\n    return 3\n",
            "a.py": "from .b import make\n\nSIZE = make()\n\ndef net():\n    return SIZE\n",
        },
        "pkg.a.net",
    )
    scope: dict[str, object] = {}
    exec(found.source, scope)
    assert scope["SIZE"] == 3


def test_statements_that_change_a_value_afterwards_come_along(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "a.py": """
                SIZES = {}
                SIZES["small"] = 1
                SIZES.update(large=2)
                OTHER = []
                OTHER += [1]

                def net(name):
                    return SIZES[name]
                net.tag = "x"
            """
        },
        "pkg.a.net",
    )
    scope: dict[str, object] = {}
    exec(found.source, scope)
    assert scope["SIZES"] == {"small": 1, "large": 2}
    assert "OTHER" not in found.source
    assert 'net.tag = "x"' in found.source


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


def test_decorators_that_only_register_or_document_are_dropped(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "registry.py": """
                import not_there_xyz

                MODELS = not_there_xyz.Registry()

                def register(fn):
                    MODELS.add(fn)
                    return fn

                def document(text):
                    def wrap(fn):
                        fn.__doc__ = text
                        return fn
                    return wrap

                def double(fn):
                    return lambda x: fn(fn(x))
            """,
            "a.py": """
                from .registry import MODELS, document, double, register

                @register
                @document("what it does")
                @MODELS.register_module(name="net")
                @double
                def net(x):
                    return x + 1
            """,
        },
        "pkg.a.net",
    )
    assert_source(
        found,
        """
        def double(fn):
            return lambda x: fn(fn(x))


        @double
        def net(x):
            return x + 1
        """,
    )


def test_registrations_on_an_object_in_the_closure_are_kept(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "a.py": """
                class Registry(dict):
                    def register(self, fn):
                        self[fn.__name__] = fn
                        return fn

                LAYERS = Registry()

                @LAYERS.register
                def plain(x):
                    return x

                def build(name):
                    return LAYERS[name]
            """
        },
        "pkg.a.build",
    )
    scope: dict[str, object] = {}
    exec(found.source, scope)
    assert scope["build"]("plain")(4) == 4  # type: ignore[operator]


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


def test_code_without_python_source_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ClosureError, match=r"pkg.a, line 3 needs kernel: pkg._C.kernel has no Python source"):
        closure(tmp_path, {"a.py": "from ._C import kernel\n\ndef net(x):\n    return kernel(x)\n"}, "pkg.a.net")


def test_extraction_is_deterministic_and_a_fixpoint(tmp_path: Path) -> None:
    files = {
        "a.py": "import math\nA = 1\nB = 2\n\ndef f(x):\n    return math.pi + A + B\n",
        "b.py": "import os.path as osp\nfrom .a import f\nimport torch.utils.checkpoint\n\n"
        "class Net:\n    def run(self):\n        return f(osp.join('a')), torch.utils.checkpoint.checkpoint\n",
    }
    first = closure(tmp_path / "one", files, "pkg.b.Net")
    second = closure(tmp_path / "two", files, "pkg.b.Net")
    assert first == second
    again = extract(SourceIndex.of_texts({"alone": first.source}), [("alone", "Net")])
    assert again.source == first.source


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


def test_code_nested_beyond_reading_is_refused(tmp_path: Path) -> None:
    deep = " + ".join(["1"] * 3000)
    index = index_of(tmp_path, {"a.py": "def net():\n    return 1\n"})
    index.modules["pkg.a"].lines[1] = f"    return {deep}\n"
    with pytest.raises(ClosureError, match="nested too deeply"):
        extract(index, ["pkg.a.net"])
