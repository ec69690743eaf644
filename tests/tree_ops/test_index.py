from pathlib import Path

import pytest

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.index import Definition, SourceIndex
from archgraft.tree_ops.source_roots import root_of_path
from archgraft.tree_ops.sources import SourceRoot


def root(folder: Path, package: str | None = None) -> SourceRoot:
    return SourceRoot("source", "", "unknown", folder, package)


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_module_classes_are_found_through_bases_in_other_files(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "pkg",
        {
            "__init__.py": "from .base import Base\n",
            "base.py": "import torch.nn as nn\nclass Base(nn.Module): ...\nclass Plain: ...\n"
            "class W(nn.Parameter): ...\n",
            "net.py": "from . import Base\nimport torch\ntry:\n    class A(Base): ...\nexcept ValueError: ...\n"
            "class B(torch.nn.Conv2d): ...\nclass C(B, Plain): ...\n"
            "if __name__ == '__main__':\n    class Script(Base): ...\n",
        },
    )
    index = SourceIndex.build([root(folder, "pkg")])
    found = [f"{found.module}.{found.name}" for found in index.module_classes()]
    assert found == ["pkg.base.Base", "pkg.net.A", "pkg.net.B", "pkg.net.C"]


def test_circular_bases_and_imports_end(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "pkg",
        {"__init__.py": "", "a.py": "from .b import X\nclass A(A): ...\n", "b.py": "from .a import X\n"},
    )
    assert SourceIndex.build([root(folder, "pkg")]).module_classes() == ()


def test_broken_files_are_listed_and_left_out(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "pkg", {"good.py": "from torch import nn\nclass A(nn.Module): ...\n", "bad.py": "print 1\n"}
    )
    (folder / "binary.py").write_bytes(b"\xff\xfe\x00")
    (folder / "latin.py").write_bytes(b"# -*- coding: latin-1 -*-\nNAME = '\xe9'\n")
    index = SourceIndex.build([root(folder, "pkg")])
    assert [broken.path.name for broken in index.broken] == ["bad.py", "binary.py"]
    assert all(broken.reason for broken in index.broken)
    assert "pkg.latin" in index.modules


def test_scripts_are_named_as_a_script_would_import_them(tmp_path: Path) -> None:
    write(tmp_path, {"repo/setup.py": "", "repo/models/net.py": "from models.parts import A\nfrom util import f\n"})
    write(tmp_path, {"repo/models/parts.py": "class A: ...\n", "repo/models/util.py": "def f(): ...\n"})
    index = SourceIndex.build([root(tmp_path / "repo/models/net.py")])
    net = index.modules["net"]
    assert index.resolve(net, "A") == Definition("models.parts", "A")
    assert index.resolve(net, "f") == Definition("util", "f")


def test_a_file_of_a_package_is_named_from_above_the_package(tmp_path: Path) -> None:
    write(tmp_path, {"pkg/__init__.py": "", "pkg/net.py": "from .parts import A\n", "pkg/parts.py": "class A: ...\n"})
    index = SourceIndex.build([root(tmp_path / "pkg/net.py")])
    assert index.resolve(index.modules["pkg.net"], "A") == Definition("pkg.parts", "A")


def test_an_unknown_name_is_answered_with_those_that_are_there(tmp_path: Path) -> None:
    index = SourceIndex.build([root(write(tmp_path, {"net.py": "class Net: ...\n"}) / "net.py")])
    with pytest.raises(SourceError, match=r"'Nett' is not defined in .*net.py; its classes are: Net"):
        index.definition("net.Nett")
    with pytest.raises(SourceError, match="module 'other' is not in the indexed sources"):
        index.definition("other.Net")


def test_a_folder_inside_a_package_is_closed_with_the_rest_of_the_package(tmp_path: Path) -> None:
    files = {
        "__init__.py": "",
        "layers.py": "from torch import nn\nclass Base(nn.Module): ...\nclass Other(Base): ...\n",
        "models/__init__.py": "",
        "models/net.py": "from .. import layers\nfrom ..layers import Base\n"
        "class Net(Base):\n    other = layers.Other\n",
    }
    folder = write(tmp_path / "pkg", files)
    index = SourceIndex.build([root_of_path("models", "", folder / "models")])
    net = Definition("pkg.models.net", "Net")
    assert index.module_classes() == (net,)
    assert index.resolve_dotted(index.modules["pkg.models.net"], "layers.Other") == Definition("pkg.layers", "Other")
    assert index.module_classes() == (net,)
