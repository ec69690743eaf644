"""Edits as data: what is changed, where, and with what. Applying them is the emitter's work."""

from dataclasses import dataclass
from typing import Any, Literal

Operator = Literal["swap", "insert", "delete", "change_argument"]
OPERATORS: tuple[Operator, ...] = ("swap", "insert", "delete", "change_argument")
Scope = Literal["instance", "site"]
Promise = Literal["exact", "near", "changing"]


@dataclass(frozen=True, slots=True)
class Adapter:
    """One converter around a graft: the name of a class of `adapter_modules`, or of `torch.nn`, with its arguments."""

    name: str
    arguments: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of one tree into another.

    `nid` is the node acted on. For `swap` and `insert`, `module_id` names the library module, or `class_name` a class
    of `torch.nn`, with its constructor `arguments`; `before` and `after` are the adapters in the order in which data
    meets them. For `change_argument`, `argument` is set to `value` (both Python source).
    """

    operator: Operator
    nid: str
    path: str
    scope: Scope = "instance"
    module_id: str | None = None
    class_name: str | None = None
    arguments: tuple[tuple[str, Any], ...] = ()
    before: tuple[Adapter, ...] = ()
    after: tuple[Adapter, ...] = ()
    argument: str | None = None
    value: str | None = None
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
