"""Edits as data: what is changed, where, and with what. Applying them is the work of `operators` and `emission`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from archgraft.tree_ops.tree import Argument, Tree
from archgraft.tree_ops.tree_paths import named, within

Operator = Literal[
    "swap", "insert", "delete", "change_argument", "duplicate", "wrap", "split", "crossover", "join", "skip", "compound"
]
OPERATORS: tuple[Operator, ...] = get_args(Operator)
Scope = Literal["instance", "stage", "site"]
Promise = Literal["exact", "near", "changing"]
Form = Literal["", "after", "before", "residual", "parallel", "gate", "concatenate", "average", "channels"]


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
class Donor:
    """A subtree of another tree, as a crossover carries it: code that stands alone, and what it must build.

    `expression` builds the subtree over the names that `source` defines; `nodes` are its modules, each with its path
    below the subtree's root ("" is that root), its class in `source` or in torch, and its arguments. `extra_inputs`
    says that its code was given more than one tensor.
    """

    source: str
    expression: str
    nodes: tuple[tuple[str, str, tuple[Argument, ...]], ...]
    extra_inputs: bool = False


@dataclass(frozen=True, slots=True)
class JoinChange:
    """What becomes of the join at `index` of its node's joins: another operator, or one operand alone.

    `left` and `right` keep that operand: a skip connection is removed so. `concatenate` joins along the channels and
    projects back to their number, with `projection`.
    """

    index: int
    operator: Literal["add", "subtract", "multiply", "maximum", "concatenate", "left", "right"]
    projection: Adapter | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of one tree into another, at the node `nid` (which stood at `path` in the tree it was made for).

    | operator | what it does | fields |
    | --- | --- | --- |
    | `swap` | puts `graft` in the node's place | graft |
    | `insert` | adds it behind or in front of the node, as a zero-gated residual | graft, form `after` or `before` |
    | `delete` | leaves an identity; of an inserted module or a composite's branch, leaves its host | |
    | `change_argument` | sets constructor arguments, as `changes` of name to Python source | changes |
    | `duplicate` | adds a second node like it behind it | |
    | `wrap` | makes a composite of it | form; graft for `parallel`, `gate`, `concatenate`; projection |
    | `split` | makes two paths of it that do its work together | form `average` or `channels` |
    | `crossover` | puts a subtree of another tree in its place | donor |
    | `join` | changes how two tensors of its forward become one | join |
    | `skip` | adds a skip connection in its forward | skip |
    | `compound` | several edits at once, at nodes none of which lies below another | steps |

    `others` are further nodes (nid, path) that the same edit is made at: with scope `site`, all that the node's code
    made; with scope `stage`, those beside it.
    """

    operator: Operator
    nid: str
    path: str
    graft: Graft | None = None
    changes: tuple[tuple[str, str], ...] = ()
    scope: Scope = "instance"
    promise: Promise = "changing"
    form: Form = ""
    projection: Adapter | None = None
    donor: Donor | None = None
    join: JoinChange | None = None
    others: tuple[tuple[str, str], ...] = ()
    steps: "tuple[Edit, ...]" = ()
    skip: int | None = None
    """Which of the places in its forward that a skip connection may be put at (`operators.skip`), from 0."""

    @property
    def places(self) -> tuple[tuple[str, str], ...]:
        """Every node (nid, path) that it is made at."""
        if self.steps:
            return tuple(place for step in self.steps for place in step.places)
        return ((self.nid, self.path), *self.others)


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


def combine(edits: Sequence[Edit]) -> Edit:
    """Several edits of one tree as one. Raises `ValueError` when two of them touch the same part of the tree."""
    if clash := clashing(edits):
        raise ValueError(f"{named(clash[0])} and {named(clash[1])} are one part of the tree")
    exact = all(edit.promise == "exact" for edit in edits)
    return Edit("compound", edits[0].nid, edits[0].path, steps=tuple(edits), promise="exact" if exact else "changing")


def clashing(edits: Sequence[Edit]) -> tuple[str, str] | None:
    """Two paths, one of which is or lies below the other, that different edits are made at; None when all are apart."""
    places = [(index, path) for index, edit in enumerate(edits) for _, path in edit.places]
    for first, upper in places:
        for second, lower in places:
            if first != second and within(lower, upper):
                return upper, lower
    return None


def inverse(edit: Edit, parent: Tree) -> Edit | None:
    """The edit that would turn the offspring back into its parent, or None when no single edit does."""
    if edit.operator != "change_argument":
        return None
    before = {argument.name: argument.text for argument in parent.nodes[edit.nid].arguments}
    if any(name not in before for name, _ in edit.changes):
        return None
    return replace(edit, changes=tuple((name, before[name]) for name, _ in edit.changes))
