from dataclasses import replace
from pathlib import Path

import pytest

from archgraft.agent.refactoring.winner import applied
from archgraft.agent.show_tree import traced_model
from archgraft.agent.workshop import Workshop
from archgraft.evaluator.limits import CostCaps
from archgraft.sandbox.protocol import Limits
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.edits import Edit, Operator
from archgraft.tree_ops.fit import fit
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.refactoring.patch import patch_of
from archgraft.tree_ops.sites import signature_of
from archgraft.tree_ops.tree import Tree
from tests.agent.small_search import write_library
from tests.planting import RESIDUAL, inputs


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(write_library(tmp_path / "modules.sqlite"))


def offspring(model: str, edit: Edit, library: Library, sandbox: LocalSandbox, cache: Path) -> Tree:
    """The winner of a search of one edit."""
    rootstock = traced_model(model, (3, 8, 8), [], cache, sandbox, Limits())
    caps = CostCaps(10**9, 10**12)
    workshop = Workshop(sandbox, rootstock, lambda key: library.get(key).spec, inputs(3, 8, 8), Limits(), caps, 0)
    tree = workshop.offspring(rootstock.tree, edit).tree
    assert tree is not None
    return tree


@pytest.mark.parametrize(
    ("operator", "written"),
    [
        ("swap", "+        self.stage2.conv = nn.Sequential(ConvBlock("),
        ("insert", "+        self.stage2.conv = Grafted(self.stage2.conv, "),
    ],
)
def test_an_edit_is_made_in_the_users_own_file(
    operator: Operator, written: str, shared_sandbox: LocalSandbox, tmp_path: Path, library: Library
) -> None:
    (tmp_path / "net.py").write_text(RESIDUAL)
    model, cache = f"{tmp_path}/net.py:Net()", tmp_path / "cache"
    tree = traced_model(model, (3, 8, 8), [], cache, shared_sandbox, Limits()).tree
    node = tree.at("stage2.conv")
    signature = signature_of(tree, node)
    assert signature is not None
    module = next(one for one in library.modules() if one.spec.class_name == "ConvBlock")
    if operator == "insert":
        signature = replace(signature, in_width=signature.out_width, in_positions=signature.out_positions)
    graft = fit(module.id, module.contract, signature, images=True, causal=False)
    edit = Edit(operator, node.nid, node.path, graft, form="after" if operator == "insert" else "")
    winner = offspring(model, edit, library, shared_sandbox, cache)
    found = applied(model, [edit], winner, library.get, (), cache, shared_sandbox)
    patch = patch_of(found.changes).decode()
    assert found.fallback == ""
    assert written in patch
    assert "+++ b/conv_block.py" in patch
    assert (tmp_path / "net.py").read_text() == RESIDUAL


def test_what_has_no_form_in_the_users_code_becomes_a_file_beside_it(
    shared_sandbox: LocalSandbox, tmp_path: Path, library: Library
) -> None:
    (tmp_path / "net.py").write_text(RESIDUAL)
    model, cache = f"{tmp_path}/net.py:Net()", tmp_path / "cache"
    tree = traced_model(model, (3, 8, 8), [], cache, shared_sandbox, Limits()).tree
    edit = Edit("change_argument", tree.root, "", changes=(("blocks", "3"),))
    winner = offspring(model, edit, library, shared_sandbox, cache)
    found = applied(model, [edit], winner, library.get, (), cache, shared_sandbox)
    assert "change_argument at the model" in found.fallback
    assert [str(change.name) for change in found.changes] == ["net_evolved.py"]
