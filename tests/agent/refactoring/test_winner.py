from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archgraft.agent.refactoring.winner import applied
from archgraft.agent.show_tree import traced_model
from archgraft.agent.workshop import Workshop
from archgraft.evaluator.limits import CostCaps
from archgraft.sandbox.protocol import Limits
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.edits import Edit, JoinChange, Operator
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
        ("swap", "+        self.stage2.conv = nn.Sequential(\n+            ConvBlock("),
        ("insert", "+        self.stage2.conv = Grafted("),
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
    found = applied(model, [(edit, winner)], library.get, (), cache, shared_sandbox)
    patch = patch_of(found.changes).decode()
    assert found.fallback == ""
    assert written in patch
    assert "+++ b/conv_block.py" in patch
    assert (tmp_path / "net.py").read_text() == RESIDUAL


def test_edits_of_a_lineage_are_made_one_upon_the_other(
    shared_sandbox: LocalSandbox, tmp_path: Path, library: Library
) -> None:
    (tmp_path / "net.py").write_text(RESIDUAL)
    model, cache = f"{tmp_path}/net.py:Net(8)", tmp_path / "cache"
    rootstock = traced_model(model, (3, 8, 8), [], cache, shared_sandbox, Limits())
    caps = CostCaps(10**9, 10**12)
    workshop = Workshop(
        shared_sandbox, rootstock, lambda key: library.get(key).spec, inputs(3, 8, 8), Limits(), caps, 0
    )
    planned: list[tuple[Operator, str, dict[str, Any]]] = [
        ("change_argument", "", {"changes": (("blocks", "3"),)}),
        ("change_argument", "stem", {"changes": (("padding", "2"), ("dilation", "2"))}),
        ("duplicate", "stage1.2", {}),
        ("wrap", "stage1.0.norm", {"form": "residual"}),
        ("split", "head", {"form": "channels"}),
    ]
    steps, tree = [], rootstock.tree
    for operator, path, fields in planned:
        edit = Edit(operator, tree.at(path).nid, path, **fields)
        verified = workshop.offspring(tree, edit)
        assert verified.tree is not None, verified.reason
        steps.append((edit, verified.tree))
        tree = verified.tree
    found = applied(model, steps, library.get, (), cache, shared_sandbox)
    patch = patch_of(found.changes).decode()
    assert found.fallback == ""
    assert found.model == "net.py:Net(8, blocks=3)"
    assert "+        self.stem = nn.Conv2d(3, width, 3, padding=2, dilation=2)\n" in patch
    assert "+            Block(width), Block(width)\n" in patch
    assert "self.stage1[0].norm = Residual(self.stage1[0].norm)\n" in patch
    assert "+            nn.Linear(2 * width, 5), nn.Linear(2 * width, 5), axis=-1\n" in patch
    assert "+from concatenate_channels import ConcatenateChannels\n" in patch


JOINED = RESIDUAL.replace(
    "return self.act(self.norm(self.conv(x)))",
    """\
y = self.conv(x)   # the branch
        return self.act(x + y)""",
).replace("Block(2 * width, stride=2)", "nn.Conv2d(width, 2 * width, 1)")


def test_a_join_is_changed_in_the_forward_of_its_class(
    shared_sandbox: LocalSandbox, tmp_path: Path, library: Library
) -> None:
    (tmp_path / "net.py").write_bytes(JOINED.replace("\n", "\r\n").encode())
    model, cache = f"{tmp_path}/net.py:Net()", tmp_path / "cache"
    tree = traced_model(model, (3, 8, 8), [], cache, shared_sandbox, Limits()).tree
    first, other = tree.at("stage1.0"), tree.at("stage1.1")
    change = JoinChange(0, "maximum")
    edit = Edit("join", first.nid, first.path, join=change, scope="site", others=((other.nid, other.path),))
    winner = offspring(model, edit, library, shared_sandbox, cache)
    found = applied(model, [(edit, winner)], library.get, (), cache, shared_sandbox)
    assert found.fallback == ""
    changed = [line for line in patch_of(found.changes).splitlines() if line[:1] in (b"+", b"-")]
    assert changed[2:] == [
        b"-        return self.act(x + y)",
        b"+        return self.act(torch.maximum(x, y))",
    ]


def test_what_has_no_form_in_the_users_code_becomes_a_file_that_imports_the_rest(
    shared_sandbox: LocalSandbox, tmp_path: Path, library: Library
) -> None:
    (tmp_path / "net.py").write_text(f"{RESIDUAL}\n\ndef net():\n    return nn.Sequential(*[Block(3) for _ in '12'])\n")
    model, cache = f"{tmp_path}/net.py:net()", tmp_path / "cache"
    tree = traced_model(model, (3, 8, 8), [], cache, shared_sandbox, Limits()).tree
    edit = Edit("skip", tree.at("1").nid, "1", skip=0)
    winner = offspring(model, edit, library, shared_sandbox, cache)
    found = applied(model, [(edit, winner)], library.get, (), cache, shared_sandbox)
    assert found.fallback == "skip at 1: it would have to be set on the finished model"
    assert not found.is_whole
    assert found.model == "net_evolved.py:build_model()"
    text = found.changes[0].after.decode()
    assert "from net import Block\nfrom net import net\n" in text
    assert "class BlockWithSkip(Block):" in text
    assert "nn.BatchNorm2d" not in text
