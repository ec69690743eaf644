"""Which packages close the modules of another: those it declares to need, that compute, and that are at hand."""

from pathlib import Path

from archgraft.tree_ops.closure import extract
from archgraft.tree_ops.index import SourceIndex
from archgraft.tree_ops.requirements import with_requirements
from archgraft.tree_ops.source_roots import root_of_unpacked
from archgraft.tree_ops.sources import SourceRoot


def fetched(cache: Path, name: str, version: str, requires: list[str], text: str = "x = 1\n") -> SourceRoot:
    """A package as it lies in the cache once it was fetched."""
    folder = cache / "packages" / f"{name}-{version}"
    package = name.replace("-", "_")
    metadata = folder / f"{package}-{version}.dist-info" / "METADATA"
    metadata.parent.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    metadata.write_text("\n".join([*lines, *(f"Requires-Dist: {text}" for text in requires)]) + "\n")
    (folder / package).mkdir()
    (folder / package / "__init__.py").write_text(text)
    return root_of_unpacked(folder)


def names(roots: tuple[SourceRoot, ...]) -> list[tuple[str, str, bool]]:
    return [(root.name, root.version, root.only_closes) for root in roots]


def test_fetched_packages_that_need_torch_close_those_that_need_them(tmp_path: Path) -> None:
    main = fetched(tmp_path, "blocks", "1.0", ["torch", "tensor-parts>=0.1", "progress", "absent-one"])
    fetched(tmp_path, "tensor-parts", "0.9", ["torch>=2", "deeper"])
    fetched(tmp_path, "tensor-parts", "0.10", ["torch>=2", "deeper"])
    fetched(tmp_path, "tensor-parts-more", "1.0", ["torch"])
    fetched(tmp_path, "deeper", "2.0", ["torch", "blocks"])
    fetched(tmp_path, "progress", "1.0", ["colour", "torch-nothing"])
    found = with_requirements([main], tmp_path)
    assert names(found) == [("blocks", "1.0", False), ("tensor-parts", "0.10", True), ("deeper", "2.0", True)]


def test_extras_and_packages_with_a_complete_shim_are_left_out(tmp_path: Path) -> None:
    main = fetched(tmp_path, "blocks", "1.0", ["einops", 'bonus ; extra == "all"'])
    fetched(tmp_path, "einops", "0.8", ["torch"])
    fetched(tmp_path, "bonus", "1.0", ["torch"])
    assert names(with_requirements([main], tmp_path)) == [("blocks", "1.0", False)]


def test_a_package_that_is_mined_anyway_is_no_requirement(tmp_path: Path) -> None:
    main = fetched(tmp_path, "blocks", "1.0", ["tensor-parts"])
    parts = fetched(tmp_path, "tensor-parts", "0.9", ["torch"])
    fetched(tmp_path, "tensor-parts", "1.0", ["torch"])
    found = names(with_requirements([main, parts], tmp_path))
    assert found == [("blocks", "1.0", False), ("tensor-parts", "0.9", False)]


def test_requirements_are_inlined_and_not_mined(tmp_path: Path) -> None:
    net = "from torch import nn\nfrom tensor_parts import scale\n"
    net += "class Net(nn.Module):\n    def forward(self, x):\n        return scale(x)\n"
    main = fetched(tmp_path, "blocks", "1.0", ["tensor-parts"], net)
    parts = "from torch import nn\nclass Part(nn.Module): ...\ndef scale(x):\n    return 2 * x\n"
    fetched(tmp_path, "tensor-parts", "1.0", ["torch"], parts)
    index = SourceIndex.build(with_requirements([main], tmp_path))
    assert [f"{found.module}.{found.name}" for found in index.module_classes()] == ["blocks.Net"]
    extraction = extract(index, ["blocks.Net"])
    assert "return 2 * x" in extraction.source
    assert extraction.requires == ("torch",)


def test_scripts_have_no_declared_requirements(tmp_path: Path) -> None:
    root = SourceRoot("net.py", "", "unknown", tmp_path / "net.py", None)
    assert with_requirements([root], tmp_path) == (root,)
