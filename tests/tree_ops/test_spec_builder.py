from pathlib import Path

from archgraft.tree_ops.index import SourceIndex
from archgraft.tree_ops.sources import SourceRoot
from archgraft.tree_ops.spec import Parameter
from archgraft.tree_ops.spec_builder import build_spec, source_id

NET = '''from torch import nn

from .base import Base


class Net(Base):
    """A net."""


class Own(Base):
    def __init__(self, dim: int, /, *args, heads=8, bias: bool, **more: str):
        super().__init__(dim)
'''


def test_a_spec_knows_parameters_origin_and_size(tmp_path: Path) -> None:
    folder = tmp_path / "pkg"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "base.py").write_text(
        "from torch import nn\n\n\nclass Base(nn.Module):\n    def __init__(self, dim=4):\n        super().__init__()\n"
    )
    (folder / "net.py").write_text(NET)
    index = SourceIndex.build([SourceRoot("pkg", "1.2", "MIT", folder, "pkg")])
    spec = build_spec(index, "pkg.net.Net")
    assert spec.parameters == (Parameter("dim", "positional", None, "4"),)
    assert (spec.origin.path, spec.origin.line, spec.origin.licence) == ("net.py", 6, "MIT")
    assert (spec.class_name, spec.requires) == ("Net", ("torch",))
    assert spec.n_lines == len(spec.source.splitlines())
    assert build_spec(index, "pkg.net.Own").parameters == (
        Parameter("dim", "positional", "int"),
        Parameter("args", "var_positional"),
        Parameter("heads", "keyword", None, "8"),
        Parameter("bias", "keyword", "bool"),
        Parameter("more", "var_keyword", "str"),
    )


def test_layout_comments_docstrings_and_the_class_name_dont_change_the_identity() -> None:
    plain = "class A:\n    def f(self):\n        return A\n"
    written = 'class B:\n    """Text."""\n\n    def f(self):  # why\n        """More."""\n        return (B)\n'
    assert source_id(plain, "A") == source_id(written, "B")
    assert source_id(plain, "A") != source_id(plain.replace("return A", "return 1"), "A")
