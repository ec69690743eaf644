"""The code of one source that runs when its modules are called, and what of their names it lets others see."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from archgraft.tree_ops.code_form import MEMBERS, SUPER, WHOLE, Form
from archgraft.tree_ops.code_reading import Member, reading_of

_IDLE_NAMES = """
__init__ __repr__ __str__ __init_subclass__ __class_getitem__ __constants__ __doc__ __annotations__ __del__
__jit_unused_properties__ __jit_ignored_attributes__ __getstate__ __setstate__ __reduce__ __deepcopy__
"""
_NAMING_NAMES = """
named_children named_modules named_parameters named_buffers state_dict
_modules _parameters _buffers __dict__ __class__ __name__ __qualname__ __module__ _get_name
get_submodule get_parameter get_buffer set_submodule apply
"""
_IDLE = frozenset(_IDLE_NAMES.split())
"""Special names that have no part in a forward pass."""
_NAMING = frozenset(_NAMING_NAMES.split())
"""Attributes by which code meets names that it doesn't spell."""
_ENUMERATING = frozenset(("children", "modules", "parameters", "buffers"))
"""Attributes by which code meets modules and tensors without their names, in order."""


@dataclass(frozen=True, slots=True)
class RunCode:
    """What the run code of a tree's classes has in common.

    `reads` are attributes that it reads off other objects; `keywords` names by which its calls give arguments;
    `classes` the source's classes that it mentions (`isinstance(x, Block)`). With `is_loose`, it may find slots by
    names that can't be told from its text; with `enumerates`, it may go through them in order (`x.children()`).
    """

    reads: frozenset[str]
    keywords: frozenset[str]
    classes: frozenset[str]
    is_loose: bool
    enumerates: bool


def run_code(source: str, classes: frozenset[str]) -> RunCode:
    """The run code of some classes of a source, each of which is a plain class statement there."""
    return reading_of(source).answered(("run code", classes), lambda: _run_code(source, classes))


def _run_code(source: str, classes: frozenset[str]) -> RunCode:
    reading = reading_of(source)
    reads: frozenset[str] = frozenset()
    while True:
        forms = [form for name in sorted(classes) for form in reached(source, name, reads)]
        outer = {dotted.partition(".")[0] for form in forms for dotted in form.outer}
        used = {name for base in outer if reading.is_defined(base) for name in reading.closure(base)}
        forms += [form for name in sorted(used) for form in reading.forms_of(name)]
        wider = frozenset().union(*(form.reads for form in forms))
        if wider == reads:
            break
        reads = wider
    met = frozenset().union(reads, *(form.own for form in forms))
    return RunCode(
        reads,
        frozenset().union(*(form.keywords for form in forms)),
        frozenset(name for name in used if reading.is_class(name)),
        any(form.is_loose for form in forms) or WHOLE in met or not _NAMING.isdisjoint(met),
        not _ENUMERATING.isdisjoint(met),
    )


def entries(members: Collection[str]) -> list[str]:
    """The members that torch or Python itself calls, `forward` first."""
    special = (name for name in members if name.startswith("__") and name.endswith("__") and name not in _IDLE)
    return [*(name for name in ("forward", "train") if name in members), *sorted(special)]


def reached(source: str, class_name: str, exposed: Collection[str]) -> Iterator[Form]:
    """The forms of the methods that run on an instance of a class; `exposed` names are called by others."""
    reading = reading_of(source)
    members = reading.members(class_name)
    todo: list[Member | None] = [members[name] for name in [*entries(members), *sorted(members.keys() & exposed)]]
    seen: set[tuple[str, str]] = set()
    while todo:
        member = todo.pop()
        if member is None or (key := (member.owner, member.name)) in seen:
            continue
        seen.add(key)
        yield member.form
        for name in member.form.own:
            if name.startswith(SUPER):
                todo.append(reading.member_behind(class_name, member.owner, name.removeprefix(SUPER)))
            elif name not in (WHOLE, MEMBERS):
                todo.append(members.get(name))
