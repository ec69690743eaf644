from pathlib import Path

import pytest

from archgraft.tree_ops.refactoring.symbols import Symbol
from tests.tree_ops.refactoring.texts import PLACE, after, importing

MLP = Symbol("timm.layers", "Mlp")
LOCAL = Symbol("glu_mlp", "GluMlp", PLACE.with_name("glu_mlp.py"))


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("from timm.layers import DropPath\n", "from timm.layers import DropPath, Mlp\n"),
        ("from timm.layers import Attention, PatchEmbed\n", "from timm.layers import Attention, Mlp, PatchEmbed\n"),
        ("from timm.layers import PatchEmbed, Attention\n", "from timm.layers import PatchEmbed, Attention, Mlp\n"),
        ("from timm.layers import (\n    DropPath,\n)\n", "from timm.layers import (\n    DropPath, Mlp,\n)\n"),
        (
            "from timm.layers import (\n    A,  # one\n    B,  # two\n)\n",
            "from timm.layers import (\n    A,  # one\n    B,\n    Mlp,  # two\n)\n",
        ),
        ("from timm.layers import Mlp\n", "from timm.layers import Mlp\n"),
        ("from timm.layers import Mlp as M\n", "from timm.layers import Mlp as M\n"),
        ("import timm.layers as layers\n", "import timm.layers as layers\n"),
        ("import os\nimport torch\n", "import os\nimport torch\nfrom timm.layers import Mlp\n"),
        ("import torch\n\nx = 1\n", "import torch\nfrom timm.layers import Mlp\n\nx = 1\n"),
        ("import os\n\nx = 1\n", "import os\n\nfrom timm.layers import Mlp\n\nx = 1\n"),
        (
            "from einops import rearrange\nfrom torch import nn\n",
            "from einops import rearrange\nfrom timm.layers import Mlp\nfrom torch import nn\n",
        ),
        (
            '"""Doc."""\n\nfrom __future__ import annotations\n\nx = 1\n',
            '"""Doc."""\n\nfrom __future__ import annotations\n\nfrom timm.layers import Mlp\n\nx = 1\n',
        ),
        ('"""Doc."""\nx = 1\n', '"""Doc."""\n\nfrom timm.layers import Mlp\n\n\nx = 1\n'),
        ("# Licence.\n\nimport torch\n", "# Licence.\n\nimport torch\nfrom timm.layers import Mlp\n"),
        (
            "try:\n    from timm.layers import Mlp\nexcept ImportError:\n    Mlp = None\n",
            None,
        ),
    ],
)
def test_an_import_goes_where_its_like_stand(before: str, expected: str | None) -> None:
    if expected is None:
        assert "from timm.layers import Mlp as TimmMlp" in importing(before, MLP)
    else:
        assert importing(before, MLP) == expected


def test_a_statement_that_would_grow_too_long_is_left_alone() -> None:
    before = f"from timm.layers import {', '.join(f'Layer{n}' for n in range(9))}\n"
    assert importing(before, MLP) == before + "from timm.layers import Mlp\n"


@pytest.mark.parametrize(
    ("before", "spelled"),
    [
        ("import torch.nn as nn\n", "nn.SiLU"),
        ("from torch import nn\n", "nn.SiLU"),
        ("import torch\nfrom torch import nn\n", "nn.SiLU"),
        ("import torch\n", "torch.nn.SiLU"),
        ("from torch.nn import SiLU\n", "SiLU"),
        ("from torch import nn as layers\n", "layers.SiLU"),
    ],
)
def test_torch_is_spelled_as_the_file_does(before: str, spelled: str) -> None:
    from archgraft.tree_ops.refactoring.symbols import FileSymbols

    symbols = FileSymbols(PLACE, before)
    assert symbols.spell(Symbol("torch.nn", "SiLU")) == spelled
    assert importing(before, Symbol("torch.nn", "SiLU")) == before


def test_torch_is_imported_where_a_file_has_it_not() -> None:
    assert importing("import os\n", Symbol("torch.nn", "SiLU")) == "import os\n\nfrom torch import nn\n"


def test_a_name_that_is_taken_gets_another() -> None:
    before = "import torch\n\n\nclass Mlp(torch.nn.Module): ...\n"
    assert importing(before, MLP) == after("""
        import torch
        from timm.layers import Mlp as TimmMlp


        class Mlp(torch.nn.Module): ...
    """)


def test_a_new_file_beside_a_script_is_imported_by_its_name() -> None:
    assert importing("import torch\n\nx = 1\n", LOCAL) == "import torch\n\nfrom glu_mlp import GluMlp\n\nx = 1\n"


def test_a_package_that_imports_by_dots_goes_on_to(tmp_path: Path) -> None:
    from archgraft.tree_ops.refactoring.apply import apply
    from archgraft.tree_ops.refactoring.symbols import FileSymbols
    from archgraft.tree_ops.refactoring.user_file import UserFile

    (tmp_path / "models").mkdir()
    for folder in (tmp_path, tmp_path / "models"):
        (folder / "__init__.py").touch()
    place = tmp_path / "models" / "vit.py"
    file = UserFile.of(place, b"import torch\n\nfrom .blocks import Block\n")
    symbols = FileSymbols(place, file.text)
    symbols.spell(Symbol("net.layers", "Mlp", tmp_path / "layers.py"))
    symbols.spell(Symbol("net.models.blocks", "Wide", tmp_path / "models" / "blocks.py"))
    assert apply(file, [], symbols).decode() == after("""
        import torch

        from ..layers import Mlp
        from .blocks import Block, Wide
    """)
