"""What a child inherits, tensor by tensor, for people."""

from rich.markup import escape
from rich.table import Table

from archgraft.tree_ops.lineage import Lineage


def table(lineage: Lineage, *, changed_only: bool = False) -> Table:
    """A row for each tensor of the child; with `changed_only`, for those that are not plain copies."""
    title = f"{lineage.promise}: {lineage.inherited_share:.1%} inherited, {lineage.handed_on_share:.1%} handed on"
    found = Table("tensor", "shape", "begins as", "of the parent's", "inherited", "because", title=title)
    for plan in lineage.tensors:
        if changed_only and plan.beginning == "copy":
            continue
        shape = "x".join(map(str, plan.shape)) or "scalar"
        cells = (plan.name, shape, plan.beginning, ", ".join(plan.sources), f"{plan.share:.0%}", plan.reason)
        found.add_row(*map(escape, cells))
    for name, holder in lineage.tied:
        found.add_row(escape(name), "", "tied", "", "", escape(f"is {holder}"))
    found.caption = escape("; ".join(lineage.reasons)) or None
    return found
