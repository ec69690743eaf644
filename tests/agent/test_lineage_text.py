from io import StringIO

from rich.console import Console

from archgraft.agent.lineage_text import table
from archgraft.tree_ops.lineage import Lineage, TensorPlan

LINEAGE = Lineage(
    origins=(),
    tensors=(
        TensorPlan("stem.weight", (4, 3), "copy", ("stem.weight",), n_inherited=12, n_handed_on=12),
        TensorPlan("mlp.[0].weight", (8,), "overlap", ("mlp.weight",), n_inherited=4, n_handed_on=4, reason="odd"),
        TensorPlan("gate", (), "zero"),
    ),
    tied=(("head.weight", "stem.weight"),),
    promise="near",
    reasons=("mlp.weight: odd",),
    n_parent_elements=20,
)


def printed(*, changed_only: bool) -> str:
    console = Console(width=120, file=StringIO(), record=True)
    console.print(table(LINEAGE, changed_only=changed_only))
    return console.export_text()


def test_every_tensor_is_told_with_where_it_comes_from_and_why() -> None:
    text = printed(changed_only=False)
    assert "near: 76.2% inherited, 80.0% handed on" in text
    for words in ("stem.weight", "mlp.[0].weight", "overlap", "50%", "odd", "scalar", "is stem.weight"):
        assert words in text


def test_plain_copies_can_be_left_out() -> None:
    assert "4x3" in printed(changed_only=False)
    assert "4x3" not in printed(changed_only=True)
