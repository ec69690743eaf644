"""The code of one source that runs when its modules are called, and what of their names it lets others see."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from archgraft.tree_ops.code_form import MEMBERS, SUPER, WHOLE, Form
from archgraft.tree_ops.code_reading import Member, reading_of

_IDLE_NAMES = """
__init__ __repr__ __str__ __init_subclass__ __class_getitem__ __constants__ __doc__ __annotations__ __del__
__jit_unused_properties__ __jit_ignored_attributes__ __getstate__ __setstate__ __reduce__ __deepcopy__
"""
_ENUMERATING_NAMES = """
children named_children modules named_modules parameters named_parameters buffers named_buffers state_dict
_modules _parameters _buffers __dict__ __class__ __name__ __qualname__ __module__ _get_name
get_submodule get_parameter get_buffer set_submodule apply
"""
_HIDDEN_EFFECT_NAMES = """
requires_grad requires_grad_ register_forward_hook register_forward_pre_hook register_full_backward_hook
register_full_backward_pre_hook register_hook register_parametrization MethodType __class__ __get__
"""
_IDLE = frozenset(_IDLE_NAMES.split())
"""Special names that have no part in a forward pass."""
_ENUMERATING = frozenset(_ENUMERATING_NAMES.split())
"""Attributes by which code meets modules without naming them."""
_HIDDEN_EFFECTS = frozenset(_HIDDEN_EFFECT_NAMES.split())
"""What a constructor may do that a traced node doesn't show."""


@dataclass(frozen=True, slots=True)
class RunCode:
    """What the run code of a tree's classes has in common.

    `reads` are attributes that it reads off other objects; `keywords` names by which its calls give arguments;
    `classes` the source's classes that it mentions (`isinstance(x, Block)`). With `is_loose`, it may find slots by
    names that can't be told from its text.
    """

    reads: frozenset[str]
    keywords: frozenset[str]
    classes: frozenset[str]
    is_loose: bool


@lru_cache(256)
def run_code(source: str, classes: frozenset[str]) -> RunCode:
    """The run code of some classes of a source, each of which is a plain class statement there."""
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
    own = frozenset().union(*(form.own for form in forms))
    return RunCode(
        reads,
        frozenset().union(*(form.keywords for form in forms)),
        frozenset(name for name in used if reading.is_class(name)),
        any(form.is_loose for form in forms) or WHOLE in own or not _ENUMERATING.isdisjoint(own | reads),
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


@lru_cache(4096)
def has_hidden_effects(source: str, name: str) -> bool:
    """Whether a definition, or what it uses, mentions what can change a model in ways that its nodes don't show."""
    return any(
        form.sets_any
        or not _HIDDEN_EFFECTS.isdisjoint(form.reads | form.keywords)
        or not _HIDDEN_EFFECTS.isdisjoint(dotted.rpartition(".")[2] for dotted in form.outer)
        for form in reading_of(source).closure_forms(name)
    )
