"""What an edit of some operator must carry; its absence is a defect of the program, not of the input."""

from archgraft.tree_ops.edits import Donor, Edit, Graft, JoinChange


def graft_of(edit: Edit) -> Graft:
    """The graft of an edit that puts something in."""
    if edit.graft is None:
        raise ValueError(f"a {edit.operator} edit at {edit.path!r} carries a graft")
    return edit.graft


def donor_of(edit: Edit) -> Donor:
    """The subtree that a crossover brings."""
    if edit.donor is None:
        raise ValueError(f"a crossover at {edit.path!r} carries a donor")
    return edit.donor


def join_of(edit: Edit) -> JoinChange:
    """The change of a join."""
    if edit.join is None:
        raise ValueError(f"a join edit at {edit.path!r} says what becomes of the join")
    return edit.join


def skip_of(edit: Edit) -> int:
    """The place of a new skip connection."""
    if edit.skip is None:
        raise ValueError(f"a skip edit at {edit.path!r} says where in forward")
    return edit.skip
