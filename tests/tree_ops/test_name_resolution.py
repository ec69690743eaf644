"""What a name means where real code binds it in an unusual way."""

from pathlib import Path

import pytest

from archgraft.tree_ops.closure import ClosureError, Extraction, extract
from archgraft.tree_ops.index import SourceIndex
from archgraft.tree_ops.namespaces import MAX_NAMES
from archgraft.tree_ops.sources import SourceRoot

NET = "from torch import nn\n"


def closure(folder: Path, files: dict[str, str], root: str = "pkg.net.Net") -> Extraction:
    for name, text in {"__init__.py": "", **files}.items():
        path = folder / "pkg" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    index = SourceIndex.build([SourceRoot("pkg", "1.0", "MIT", folder / "pkg", "pkg")])
    extraction = extract(index, [root])
    compile(extraction.source, "<extracted>", "exec")
    return extraction


def test_a_class_may_take_over_the_name_of_its_imported_base(tmp_path: Path) -> None:
    files = {
        "outputs.py": "class Output:\n    size = 1\n",
        "net.py": NET + "from .outputs import Output\nclass Output(Output):\n    old = True\n"
        "class Net(nn.Module):\n    def forward(self, x):\n        return Output.old, Output.size\n",
    }
    source = closure(tmp_path, files).source
    namespace: dict[str, object] = {}
    exec(source, namespace)
    assert namespace["Net"]().forward(0) == (True, 1)  # type: ignore[operator]


def test_an_import_that_must_succeed_is_as_good_as_unguarded(tmp_path: Path) -> None:
    guarded = "try:\n    import fairseq\nexcept ImportError:\n    print('install fairseq')\n    raise\n"
    text = guarded + NET + "class Net(nn.Module):\n    def load(self, name):\n        return fairseq.load(name)\n"
    text += "    def forward(self, x):\n        return self.load(x)\n"
    extraction = closure(tmp_path, {"net.py": text})
    assert extraction.optional == ("fairseq",)
    assert extraction.requires == ("torch",)


def test_an_annotation_behind_a_continued_line_leaves_no_backslash(tmp_path: Path) -> None:
    files = {
        "net.py": NET + "class Net(nn.Module):\n    def forward(self, x) \\\n            -> Gone:\n        return x\n"
    }
    assert "def forward(self, x):\n        return x" in closure(tmp_path, files).source


def test_a_decorator_with_keywords_that_gives_back_its_class_is_dropped(tmp_path: Path) -> None:
    files = {
        "notes.py": "def note(obj=None, *, text=''):\n    def keep(decorated):\n        return decorated\n"
        "    if obj is not None:\n        return obj\n    return keep\n",
        "net.py": NET + "from .notes import note\n@note(text='x')\nclass Net(nn.Module):\n    pass\n",
    }
    assert "note" not in closure(tmp_path, files).source


def test_an_alias_stands_behind_its_class_though_methods_of_the_base_use_what_reads_it(tmp_path: Path) -> None:
    files = {
        "base.py": "class Base:\n    def kinds(self):\n        from .table import KINDS\n        return KINDS\n",
        "table.py": "from .net import Alias\nKINDS = [Alias]\n",
        "net.py": NET + "from .base import Base\nclass First(Base):\n    pass\nAlias = First\n"
        "class Net(nn.Module, First):\n    def forward(self, x):\n        return self.kinds(), Alias\n",
    }
    source = closure(tmp_path, files).source
    assert source.index("class First(") < source.index("Alias = First") < source.index("KINDS = ")
    exec(source, {})


def test_a_module_as_a_value_is_an_object_with_its_definitions(tmp_path: Path) -> None:
    files = {
        "act.py": "import torch\nfrom .more import slow\nSCALE = 2\ndef _own(x): ...\n"
        "def fast(x):\n    return SCALE * x\n",
        "more.py": "def slow(x):\n    return x\n",
        "net.py": NET + "from . import act as acts\nclass Net(nn.Module):\n    def __init__(self, kind):\n"
        "        super().__init__()\n        self.act = getattr(acts, kind)\n"
        "    def forward(self, x):\n        return self.act(x) + acts.SCALE\n",
    }
    extraction = closure(tmp_path, files)
    namespace: dict[str, object] = {}
    exec(extraction.source, namespace)
    assert namespace["Net"]("fast")(3) == 8  # type: ignore[operator]
    assert namespace["Net"]("slow")(3) == 5  # type: ignore[operator]
    assert "_own" not in extraction.source
    assert extraction.requires == ("torch",)


def test_a_module_with_very_many_names_is_no_value(tmp_path: Path) -> None:
    many = "".join(f"def f{number}(x): ...\n" for number in range(MAX_NAMES + 1))
    text = NET + "from . import many\nclass Net(nn.Module):\n    def forward(self, x):\n        return vars(many)\n"
    with pytest.raises(ClosureError, match=r"uses the module pkg\.many as a value"):
        closure(tmp_path, {"many.py": many, "net.py": text})
