"""Edits as data: what is changed, where, and with what. Applying them is the emitter's work."""

from dataclasses import dataclass, replace
from typing import Literal

from archgraft.tree_ops.tree import Tree

Operator = Literal["swap", "insert", "delete", "change_argument"]
OPERATORS: tuple[Operator, ...] = ("swap", "insert", "delete", "change_argument")
Scope = Literal["instance", "site"]
Promise = Literal["exact", "near", "changing"]


@dataclass(frozen=True, slots=True)
class Adapter:
    """One converter: the name of a class of `adapter_modules`, or of `torch.nn` (`nn.Conv2d`), with its arguments.

    Arguments are (name, Python source), so that an edit means the same before and after it was stored.
    """

    name: str
    arguments: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Graft:
    """What is put into a host: a library module with its arguments, and the adapters that make it fit.

    `wrappers` enclose the module, innermost first (layouts); `before` and `after` stand around the wrapped module in
    the host's layout, in the order in which data meets them (widths, strides); `outer` encloses all that.
    """

    module_id: str
    arguments: tuple[tuple[str, str], ...]
    wrappers: tuple[Adapter, ...] = ()
    before: tuple[Adapter, ...] = ()
    after: tuple[Adapter, ...] = ()
    outer: tuple[Adapter, ...] = ()

    @property
    def n_adapters(self) -> int:
        """How many converters the fit needs; each costs time and clarity."""
        return len(self.wrappers) + len(self.before) + len(self.after) + len(self.outer)


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of one tree into another, at the node `nid` (which stood at `path` in the tree it was made for).

    `swap` puts `graft` in the node's place; `insert` adds it behind the node as a zero-gated residual; `delete` leaves
    an identity; `change_argument` sets constructor arguments, as `changes` of name to Python source.
    """

    operator: Operator
    nid: str
    path: str
    graft: Graft | None = None
    changes: tuple[tuple[str, str], ...] = ()
    scope: Scope = "instance"
    promise: Promise = "changing"


@dataclass(frozen=True, slots=True)
class Option:
    """An edit that is possible, with what a chooser needs to weigh it."""

    edit: Edit
    label: str
    """One line for people and prompts: where, what, with what."""
    depth_band: int
    """Which third of the network's call order the site lies in: 0 early, 1 middle, 2 late."""
    family: str
    """The graft's module family; for other operators the host's class or argument name."""
    prior: float
    """Relative weight without any experience; positive."""
    parameter_change: int
    """Expected change in the number of parameters; an estimate."""


def inverse(edit: Edit, parent: Tree) -> Edit | None:
    """The edit that would turn the offspring back into its parent, or None when no single edit does."""
    if edit.operator != "change_argument":
        return None
    before = {argument.name: argument.text for argument in parent.nodes[edit.nid].arguments}
    if any(name not in before for name, _ in edit.changes):
        return None
    return replace(edit, changes=tuple((name, before[name]) for name, _ in edit.changes))
