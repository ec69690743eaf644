import pytest

from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.edits import Edit, inverse
from archgraft.tree_ops.tree import Tree
from tests.planting import RESIDUAL, inputs, plant_tree


@pytest.fixture(scope="module")
def tree(shared_sandbox: LocalSandbox) -> Tree:
    return plant_tree(shared_sandbox, RESIDUAL, "Net()", inputs(3, 8, 8))


def test_a_change_of_arguments_is_undone_by_setting_what_was_there(tree: Tree) -> None:
    root = tree.nodes[tree.root]
    back = inverse(Edit("change_argument", root.nid, "", changes=(("blocks", "3"),)), tree)
    assert back == Edit("change_argument", root.nid, "", changes=(("blocks", "2"),))


def test_what_no_single_edit_undoes_has_no_inverse(tree: Tree) -> None:
    assert inverse(Edit("delete", tree.at("stage1.0").nid, "stage1.0"), tree) is None
