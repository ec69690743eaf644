import pytest

from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.refactoring.targets import Scope, container_of, matches, select
from archgraft.tree_ops.tree import Tree
from tests.planting import RESIDUAL, inputs, plant_tree


@pytest.fixture(scope="module")
def tree(shared_sandbox: LocalSandbox) -> Tree:
    return plant_tree(shared_sandbox, RESIDUAL, "Net()", inputs(3, 8, 8))


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("blocks.*.mlp", "blocks.3.mlp", True),
        ("blocks.*.mlp", "blocks.3.mlp.fc1", False),
        ("**.mlp", "blocks.3.mlp", True),
        ("**.mlp", "mlp", True),
        ("blocks.**", "blocks.3.mlp", True),
        ("blocks.[0-2].mlp", "blocks.3.mlp", False),
        ("*", "blocks.3", False),
        ("Blocks.*", "blocks.3", False),
    ],
)
def test_a_star_stands_for_one_part_and_two_for_any_number(pattern: str, path: str, expected: bool) -> None:
    assert matches(pattern, path) is expected


@pytest.mark.parametrize(
    ("path", "container"),
    [("blocks.3.mlp", "blocks"), ("layers.0.blocks.1.mlp", "layers.0.blocks"), ("stem.conv", "stem")],
)
def test_a_stage_is_the_innermost_container(path: str, container: str) -> None:
    assert container_of(path) == container


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("instance", ["stage1.0.norm"]),
        ("stage", ["stage1.0.norm", "stage1.1.norm"]),
        ("site", ["stage1.0.norm", "stage1.1.norm", "stage2.norm"]),
    ],
)
def test_a_scope_widens_to_what_the_same_call_made(tree: Tree, scope: Scope, expected: list[str]) -> None:
    assert [node.path for node in select(tree, ["stage1.0.norm"], scope)] == expected


def test_near_names_are_told_when_nothing_matches(tree: Tree) -> None:
    with pytest.raises(SourceError, match=r"matches nothing.*stage1\.\*\.norm"):
        select(tree, ["stage1.*.nrm"], "instance")


def test_a_module_and_one_inside_it_are_not_changed_together(tree: Tree) -> None:
    with pytest.raises(SourceError, match=r"both stage2 and stage2\.norm"):
        select(tree, ["stage2", "**.norm"], "instance")
