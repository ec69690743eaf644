"""Shims stand in for names of packages, whether those are indexed or not."""

from pathlib import Path

import pytest

from archgraft.tree_ops.closure import ClosureError, extract
from archgraft.tree_ops.index import SourceIndex
from archgraft.tree_ops.shim_modules import shim_root, shimmed_name
from archgraft.tree_ops.source_files import SourceFile, files
from archgraft.tree_ops.sources import SourceRoot


def index_of(folder: Path, files: dict[str, str], package: str | None = None) -> SourceIndex:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return SourceIndex.build([SourceRoot("source", "", "unknown", folder / package if package else folder, package)])


LAYER = "class Layer({base}):\n    def __init__(self):\n        super().__init__()\n"


@pytest.mark.parametrize(
    ("imports", "base"),
    [
        ("from transformers import GradientCheckpointingLayer", "GradientCheckpointingLayer"),
        ("from transformers.modeling_layers import GradientCheckpointingLayer as G", "G"),
        ("import transformers", "transformers.GradientCheckpointingLayer"),
        ("import transformers.modeling_layers as layers", "layers.GradientCheckpointingLayer"),
        (
            "try:\n    from transformers import GradientCheckpointingLayer as G\nexcept ImportError:\n    G = object",
            "G",
        ),
    ],
)
def test_a_shim_stands_in_however_it_is_imported(tmp_path: Path, imports: str, base: str) -> None:
    index = index_of(tmp_path, {"net.py": f"{imports}\n{LAYER.format(base=base)}"})
    assert [found.name for found in index.module_classes()] == ["Layer"]
    extraction = extract(index, ["net.Layer"])
    assert extraction.requires == ("torch",)
    assert not extraction.optional
    assert "class GradientCheckpointingLayer(nn.Module)" in extraction.source


def test_what_a_shim_says_of_itself_is_not_among_the_authors_documentation(tmp_path: Path) -> None:
    text = "from transformers import GradientCheckpointingLayer\n" + LAYER.format(base="GradientCheckpointingLayer")
    documented = text.replace(":\n    def", ':\n    """A layer."""\n\n    def')
    extraction = extract(index_of(tmp_path, {"net.py": documented}), ["net.Layer"])
    assert extraction.documentation == {"Layer": "A layer."}


def test_other_names_of_a_package_that_is_not_indexed_stay_imports(tmp_path: Path) -> None:
    text = "from torch import nn\nfrom transformers import BertTokenizer\nimport transformers\n"
    text += "class Net(nn.Module):\n    def forward(self, x):\n"
    text += "        return BertTokenizer(x), transformers.BertTokenizer\n"
    extraction = extract(index_of(tmp_path, {"net.py": text}), ["net.Net"])
    assert extraction.optional == ("transformers",)


def test_a_module_as_a_value_is_the_real_one(tmp_path: Path) -> None:
    text = "from torch import nn\ntry:\n    import transformers\nexcept ImportError:\n    transformers = None\n"
    text += "class Net(nn.Module):\n    def forward(self, x):\n        return transformers is None\n"
    extraction = extract(index_of(tmp_path, {"net.py": text}), ["net.Net"])
    assert "transformers = None" in extraction.source
    assert extraction.requires == ("torch",)
    assert not extraction.optional


def test_names_that_the_shim_lacks_are_the_package_s_own(tmp_path: Path) -> None:
    files = {
        "transformers/__init__.py": "",
        "transformers/modeling_utils.py": "import deepspeed\nfrom .hub import load\n"
        "class PreTrainedModel:\n    from_pretrained = load\ndef helper(x):\n    return x + 1\n",
        "transformers/hub.py": "import requests\ndef load(): return requests\n",
        "transformers/models/__init__.py": "",
        "transformers/models/net.py": "from ..modeling_utils import PreTrainedModel, helper\n"
        "class Net(PreTrainedModel):\n    def forward(self, x):\n        return helper(x)\n",
    }
    index = index_of(tmp_path, files, "transformers")
    extraction = extract(index, ["transformers.models.net.Net"])
    assert "return x + 1" in extraction.source
    assert "class PreTrainedModel(nn.Module" in extraction.source
    assert extraction.requires == ("torch",)
    assert "deepspeed" not in extraction.source
    assert "requests" not in extraction.source


def test_decorators_that_only_document_or_exchange_kernels_are_dropped(tmp_path: Path) -> None:
    text = (
        "from torch import nn\nfrom transformers.utils import auto_docstring\n"
        "from transformers.integrations import use_kernel_forward_from_hub\n"
        '@use_kernel_forward_from_hub("RMSNorm")\nclass Net(nn.Module):\n'
        '    @auto_docstring(custom_intro="x")\n    def forward(self, x):\n        return x\n'
        "    @auto_docstring\n    def other(self): ...\n"
    )
    source = extract(index_of(tmp_path, {"net.py": text}), ["net.Net"]).source
    assert "@" not in source


def test_names_that_typing_has_are_taken_from_there(tmp_path: Path) -> None:
    text = "from torch import nn\nfrom typing_extensions import Literal, override\nKinds = Literal['a']\n"
    text += "class Net(nn.Module):\n    @override\n    def forward(self, x): return x, Kinds\n"
    extraction = extract(index_of(tmp_path, {"net.py": text}), ["net.Net"])
    assert "from typing import Literal" in extraction.source
    assert extraction.requires == ("torch",)


def test_what_a_function_imports_and_is_not_there_does_not_keep_a_class_out(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "",
        "pkg/net.py": "from torch import nn\nclass Net(nn.Module):\n    def forward(self, x):\n"
        "        from ._C import fused\n        return fused(x)\n",
        "pkg/eager.py": "from torch import nn\nfrom ._C import Base\nclass Net(nn.Module, Base):\n    pass\n",
    }
    index = index_of(tmp_path, files, "pkg")
    assert 'raise ImportError("fused is not available here")' in extract(index, ["pkg.net.Net"]).source
    with pytest.raises(ClosureError, match="Base"):
        extract(index, ["pkg.eager.Net"])


def test_shims_are_no_modules_to_mine(tmp_path: Path) -> None:
    index = index_of(tmp_path, {"net.py": "x = 1\n"})
    assert index.module_classes() == ()


def test_every_shim_is_listed_with_what_it_leaves_out() -> None:
    page = (Path(__file__).parents[2] / "docs" / "shims.md").read_text(encoding="utf-8")
    rows = [row.split("|") for row in page.splitlines() if row.startswith("| `")]
    listed = {name for row in rows for name in row[1].split("`")[1::2]}
    assert listed == {shimmed_name(found.name) for found in files(shim_root()) if isinstance(found, SourceFile)}
    assert all(row[2].strip() for row in rows)
