from pathlib import Path

import pytest

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.model_reference import ModelReference


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    path = tmp_path / "net.py"
    path.write_text("class Net: ...\n")
    return path


def test_a_class_in_a_file(model_file: Path) -> None:
    reference = ModelReference.parse(f"{model_file}:Net")
    assert (reference.is_file, reference.name, reference.arguments) == (True, "Net", "")


def test_arguments_may_hold_literals_colons_and_names(model_file: Path) -> None:
    reference = ModelReference.parse(f"{model_file}:Net(Block, {{'a': [1, 2]}}, act=nn.GELU, flag=True)")
    assert reference.arguments == "Block, {'a': [1, 2]}, act=nn.GELU, flag=True"
    assert reference.names_used == ("Block", "nn")


def test_a_class_in_a_package() -> None:
    reference = ModelReference.parse("timm.models.resnet:ResNet(BasicBlock, [1, 1, 1, 1])")
    assert (reference.is_file, reference.place, reference.name) == (False, "timm.models.resnet", "ResNet")


def test_arguments_may_be_built_from_the_modules_own_classes() -> None:
    reference = ModelReference.parse("package.module:Net(layers=Decoder(dim=64, depth=int(2)))")
    assert reference.names_used == ("Decoder",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("net.py", "is no model"),
        ("missing.py:Net", "no such file: missing.py"),
        ("a-b:Net", "neither a file nor a module's name"),
        ("package.module:Net(", "is not closed"),
        ("package.module:Net(1,, 2)", "the arguments are not Python"),
        ("package.module:Net(lambda x: x)", "nothing else"),
        ("package.module:Net([i for i in x])", "nothing else"),
        ("package.module:2Net", "is no model"),
    ],
)
def test_what_is_no_reference_is_refused_with_the_reason(text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        ModelReference.parse(text)


def test_a_folder_is_told_apart_from_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is a folder"):
        ModelReference.parse(f"{tmp_path}:Net")
