"""One edit is one tree, on whatever rung it is printed; different edits are different trees."""

import pytest

from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.identity import tree_hash
from archgraft.tree_ops.tree import Tree
from tests.grafting import Graftery, conv, edit_at, mixer

BOTH = ("stage1.0", "stage1.1")


def edits_of(tree: Tree) -> dict[str, Edit]:
    return {
        "swap": edit_at(tree, "swap", *BOTH, graft=conv(4, 4)),
        "insert": edit_at(tree, "insert", *BOTH, graft=conv(4, 4)),
        "duplicate": edit_at(tree, "duplicate", *BOTH),
        "delete": edit_at(tree, "delete", *BOTH),
        "residual": edit_at(tree, "wrap", *BOTH, form="residual"),
        "gate": edit_at(tree, "wrap", *BOTH, form="gate", graft=conv(4, 4)),
        "parallel": edit_at(tree, "wrap", *BOTH, form="parallel", graft=conv(4, 4)),
        "split": edit_at(tree, "split", *BOTH, form="average"),
        "stride": edit_at(tree, "change_argument", "stage2.conv", changes=(("stride", "1"),)),
        "one swap": edit_at(tree, "swap", "stage1.0", graft=conv(4, 4)),
    }


def test_a_changed_call_an_override_and_a_specialised_class_are_one(images: Graftery, residual: Tree) -> None:
    hashes: dict[str, str] = {}
    for name, edit in edits_of(residual).items():
        rungs = dict(images.on_each_rung(residual, edit))
        assert len(rungs) > 1, name
        found = {rung: tree_hash(tree) for rung, tree in rungs.items()}
        assert len(set(found.values())) == 1, f"{name}: {found}"
        hashes[name] = found.popitem()[1]
    assert len({tree_hash(residual), *hashes.values()}) == len(hashes) + 1


@pytest.mark.parametrize("form", ["", "before"])
def test_what_passes_further_arguments_is_one_too(texts: Graftery, tokens: Tree, form: str) -> None:
    edit = edit_at(tokens, "insert", "layers.0", "layers.1", graft=mixer(8), form=form)
    found = {tree_hash(tree) for _, tree in texts.on_each_rung(tokens, edit)}
    assert len(found) == 1
