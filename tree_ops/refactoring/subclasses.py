"""A specialised class next to the one that holds the modules, for the instances that are meant."""

import ast
from collections.abc import Iterator, Mapping, Sequence

import libcst as cst

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.refactoring.call_places import Home, concrete_calls
from archgraft.tree_ops.refactoring.draft import Draft
from archgraft.tree_ops.refactoring.edits import AddClass, ReplaceCallee
from archgraft.tree_ops.refactoring.functions import function_named
from archgraft.tree_ops.refactoring.overrides import statements
from archgraft.tree_ops.refactoring.spots import Group, Setting, Way, ancestors, note_placed, slots_in
from archgraft.tree_ops.refactoring.symbols import Symbol
from archgraft.tree_ops.tree import Node


def subclasses(group: Group, setting: Setting) -> Iterator[Way]:
    """A new class for the modules that hold the nodes, where one call makes just these."""
    for owner in ancestors(setting.tree, group.targets[0]):
        home = setting.home_of(owner)
        if home is None or owner.site is None or owner.nid == setting.tree.root:
            continue
        instances = [node for node in setting.tree if node.site == owner.site and node.definition == owner.definition]
        slots = slots_in(instances, group.targets)
        if slots is not None:
            yield _subclass_of(owner, home, instances, slots)


def _subclass_of(owner: Node, home: Home, instances: Sequence[Node], slots: Mapping[str, Sequence[Node]]) -> Way:
    def way(draft: Draft, group: Group, setting: Setting) -> None:
        place = setting.place_of(owner.site) if owner.site is not None else None
        if place is None or "." in owner.definition:
            raise SourceError(f"{owner.class_name} is made by code that isn't yours")
        base = home.definition.name
        call = concrete_calls(draft.files[place.path].module)[place.number]
        if not isinstance(call.func, cst.Name) or call.func.value != base:
            raise SourceError(f"the class of {owner.path} is chosen elsewhere")
        file = draft.files[home.path]
        lines = statements(draft, group, setting, home, instances, slots, None)
        name = draft.symbols[home.path].free(f"{group.part.callee.name}{base}")
        text = _subclass_text(file.text, base, name, lines, file.module.default_indent)
        draft.add(home.path, AddClass(base, text))
        symbol = Symbol(home.definition.module, name, home.path)
        draft.add(place.path, ReplaceCallee(place.number, draft.symbols[place.path].spell(symbol)))
        draft.specialised.update((node.path, symbol) for node in instances)
        note_placed(draft, group, "subclass")

    return way


def _subclass_text(source: str, base: str, name: str, statements: Sequence[str], indent: str) -> str:
    """A class that builds its base, then exchanges parts of it."""
    signature, passed = _signature(source, base)
    lines = [f"class {name}({base}):", f"{indent}def __init__({signature}):"]
    lines.append(f"{indent * 2}super().__init__({passed})")
    lines += [f"{indent * 2}{line}" for statement in statements for line in statement.split("\n")]
    return "\n".join(lines) + "\n"


def _signature(source: str, base: str) -> tuple[str, str]:
    """The parameters of a class's constructor as they are written, and the arguments that pass them on."""
    function = function_named(source, f"{base}.__init__")
    if function is None:
        return "self, *args, **kwargs", "*args, **kwargs"
    given = function.args
    passed = [one.arg for one in (*given.posonlyargs, *given.args)][1:]
    passed += [f"*{given.vararg.arg}"] if given.vararg else []
    passed += [f"{one.arg}={one.arg}" for one in given.kwonlyargs]
    passed += [f"**{given.kwarg.arg}"] if given.kwarg else []
    return ast.unparse(given), ", ".join(passed)
