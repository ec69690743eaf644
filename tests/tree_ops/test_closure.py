"""What extraction makes of real code's habits: each test is a tiny package and the source that comes out."""

from pathlib import Path

import pytest

from archgraft.tree_ops.closure import ClosureError, extract
from archgraft.tree_ops.index import SourceIndex
from tests.tree_ops.extraction import assert_source, closure, index_of, run


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


def test_code_nested_beyond_reading_is_refused(tmp_path: Path) -> None:
    deep = " + ".join(["1"] * 3000)
    index = index_of(tmp_path, {"a.py": "def net():\n    return 1\n"})
    index.modules["pkg.a"].lines[1] = f"    return {deep}\n"
    with pytest.raises(ClosureError, match="nested too deeply"):
        extract(index, ["pkg.a.net"])


def test_what_other_modules_enter_in_a_registry_comes_along(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "blocks.py": """
                BLOCKS = dict(plain=list)
                _seen = []

                def register(name, block):
                    BLOCKS[name] = block

                def note(name):
                    _seen.append(name)

                def create(name):
                    return BLOCKS[name]()
            """,
            "net.py": """
                from .blocks import create, note, register

                class Special:
                    pass

                class Other:
                    pass

                register("special", Special)
                note("net")

                def net(name="special"):
                    return Special, create(name)
            """,
        },
        "pkg.net.net",
    )
    assert_source(
        found,
        """
        BLOCKS = dict(plain=list)


        def register(name, block):
            BLOCKS[name] = block


        def create(name):
            return BLOCKS[name]()


        class Special:
            pass


        register("special", Special)


        def net(name="special"):
            return Special, create(name)
        """,
    )
    net = run(found)["net"]
    assert callable(net)
    special, made = net()
    assert isinstance(made, special)


def test_what_is_told_its_files_own_name_is_left_out(tmp_path: Path) -> None:
    source = """
        NAMES = {}

        def register(module, name):
            NAMES[name] = module

        register(__name__, "old")

        def known():
            return NAMES
    """
    assert "old" not in closure(tmp_path, {"m.py": source}, "pkg.m.known").source
