"""The parent's end of a harvest: what a class that uses others tells of how they are built and called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from archgraft.evaluator.probing import probe_header
from archgraft.evaluator.trying import TRIAL_LIMITS
from archgraft.sandbox.protocol import Job, Message, Sandbox
from archgraft.tree_ops.configurations import Configuration
from archgraft.tree_ops.contract_json import template_from_json
from archgraft.tree_ops.spec import ModuleSpec

if TYPE_CHECKING:
    from pydantic import TypeAdapter

HARVEST_ENTRY = "archgraft.evaluator.harvest:run"

Template = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Harvest:
    """Real constructor arguments and calls of one class, for trials; and templates made of them, for probes."""

    proposals: tuple[tuple[tuple[str, str], ...], ...] = ()
    inputs: tuple[tuple[tuple[str, dict[str, Any]], ...], ...] = ()
    templates: tuple[Template, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.proposals or self.inputs or self.templates)

    def joined(self, other: "Harvest") -> "Harvest":
        """Both, this one first, nothing twice."""
        return Harvest(
            proposals=_union(self.proposals, other.proposals),
            inputs=_union(self.inputs, other.inputs),
            templates=_union(self.templates, other.templates),
        )


def harvest(
    sandbox: Sandbox,
    parent: ModuleSpec,
    wanted: Sequence[str],
    *,
    configurations: Mapping[str, Configuration] | None = None,
    seed: int = 0,
) -> dict[str, Harvest]:
    """Run a parent and see how it uses the `wanted` classes, by the names in its source. Raises `SandboxError` only.

    Classes that nothing was learnt of are left out; all of them when the parent doesn't run.
    """
    header: dict[str, Any] = {**probe_header(parent, seed, configurations), "wanted": list(wanted)}
    outcome = sandbox.run(Job(HARVEST_ENTRY, Message(header), label=f"harvest {parent.class_name}"), TRIAL_LIMITS)
    found = outcome.message.header.get("harvest") if outcome.message else None
    if not isinstance(found, dict):
        return {}
    read = {name: _read(found[name]) for name in wanted if name in found}
    return {name: one for name, one in read.items() if one}


def _read(fields: Any) -> Harvest:
    """Nobody vouches for what a child says: what can't be read is nothing."""
    try:
        templates = tuple(template_from_json(one) for one in fields["templates"])
        return _adapter().validate_python({**fields, "templates": templates})
    except (ValueError, TypeError, KeyError, SyntaxError):
        return Harvest()


def _union(first: tuple[Any, ...], second: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*first, *(one for one in second if one not in first))


@cache
def _adapter() -> "TypeAdapter[Harvest]":
    from pydantic import TypeAdapter

    return TypeAdapter(Harvest)
