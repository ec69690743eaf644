"""Choosing within the loop that makes modules: `New(dim) if i == 3 else Old(dim)`."""

import ast
from collections.abc import Sequence

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.refactoring.call_places import CallPlace, concrete_calls
from archgraft.tree_ops.refactoring.draft import Draft
from archgraft.tree_ops.refactoring.edits import ChooseCall
from archgraft.tree_ops.refactoring.functions import function_named
from archgraft.tree_ops.refactoring.loops import is_counting, loop_of, variable_of
from archgraft.tree_ops.refactoring.spots import Group, Setting, around_call, note_placed, parameters_of, text_of
from archgraft.tree_ops.syntax import parse


def conditional(draft: Draft, group: Group, setting: Setting) -> None:
    """Let the loop that makes the modules choose. Raises `SourceError` where its variable doesn't tell them apart."""
    place = group.place
    if place is None:
        raise SourceError("it is made by code that isn't yours")
    module = draft.files[place.path].module
    call = concrete_calls(module)[place.number]
    loop = loop_of(module, call)
    variable = variable_of(loop) if loop is not None else None
    if loop is None or variable is None:
        raise SourceError("no loop makes it")
    chosen = {node.nid for node in group.targets}
    worth = {node.nid: setting.scopes.get(node.nid, {}).get(variable) for node in group.made}
    inside = [worth[nid] for nid in worth if nid in chosen]
    outside = [worth[nid] for nid in worth if nid not in chosen]
    if None in inside or not outside or set(inside) & set(outside):
        raise SourceError(f"{variable} does not tell them apart")
    new_name = variable
    if variable.startswith("_"):
        if not is_counting(loop):
            raise SourceError("the loop's variable has no name")
        new_name = _unused(place, draft, ("i", "index", "number"))
    around = around_call(draft, group, setting, place)
    text = text_of(draft, place, group, around, [node.nid for node in group.targets])
    condition = _condition(new_name, [str(one) for one in inside], [str(one) for one in outside])
    renamed = None if new_name == variable else (variable, new_name)
    draft.add(place.path, ChooseCall(place.number, text, condition, renamed, parameters_of(group)))
    note_placed(draft, group, "conditional")


def _condition(variable: str, inside: Sequence[str], outside: Sequence[str]) -> str:
    """The shortest test that tells the values inside from those outside."""
    if len(set(inside)) == 1:
        return f"{variable} == {inside[0]}"
    if all(value.lstrip("-").isdigit() for value in (*inside, *outside)):
        ours, others = ([int(value) for value in values] for values in (inside, outside))
        if max(ours) < min(others):
            return f"{variable} < {min(others)}"
        if min(ours) > max(others):
            return f"{variable} >= {min(ours)}"
        return f"{variable} in {tuple(sorted(set(ours)))}"
    return f"{variable} in ({', '.join(dict.fromkeys(inside))})"


def _unused(place: CallPlace, draft: Draft, names: Sequence[str]) -> str:
    tree = parse(draft.files[place.path].text)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    function = place.function.partition(".<locals>")[0]
    inside = function_named(draft.files[place.path].text, function)
    if inside is not None:
        used = {node.id for node in ast.walk(inside) if isinstance(node, ast.Name)}
        used |= {node.arg for node in ast.walk(inside) if isinstance(node, ast.arg)}
    found = next((name for name in names if name not in used), None)
    if found is None:
        raise SourceError("no plain name is left for the loop's variable")
    return found
