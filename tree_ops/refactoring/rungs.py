"""The ways to write a change into the user's files, each as a person would: which of them apply, and what they give.

`call` edits the call that made the modules, where it made no others. `override` sets them at the end of the `__init__`
of a class that holds them, or before that initialises weights. `conditional` chooses within the loop that made them.
`subclass` puts a specialised class next to the one that holds them. Which is taken is decided by length, and by whether
the rebuilt tree is the intended one.
"""

from collections.abc import Iterator

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.refactoring.conditional import conditional
from archgraft.tree_ops.refactoring.draft import Draft
from archgraft.tree_ops.refactoring.edits import ReplaceCall, ReplaceCallee
from archgraft.tree_ops.refactoring.overrides import overrides
from archgraft.tree_ops.refactoring.parts import SameArguments, render
from archgraft.tree_ops.refactoring.spots import Group, Setting, around_call, note_placed, parameters_of
from archgraft.tree_ops.refactoring.subclasses import subclasses


def drafts(draft: Draft, group: Group, setting: Setting) -> Iterator[Draft]:
    """The draft with the group's change made in every way that applies."""
    ways = (_call, *overrides(group, setting), conditional, *subclasses(group, setting))
    for way in ways:
        attempt = draft.copy()
        try:
            way(attempt, group, setting)
            attempt.result()
        except SourceError:
            continue
        yield attempt


def why_none(draft: Draft, group: Group, setting: Setting) -> str:
    """The reason why the first of the ways to write a change does not apply."""
    try:
        _call(draft.copy(), group, setting)
    except SourceError as error:
        return str(error)
    return "the files can't hold it"


def _call(draft: Draft, group: Group, setting: Setting) -> None:
    place = group.place
    if place is None:
        raise SourceError("it is made by code that isn't yours")
    if {node.nid for node in group.made} != {node.nid for node in group.targets}:
        raise SourceError(f"the call that makes it makes {len(group.made)} modules")
    around = around_call(draft, group, setting, place)
    symbols = draft.symbols[place.path]
    if isinstance(group.part, SameArguments):
        draft.add(place.path, ReplaceCallee(place.number, symbols.spell(group.part.callee)))
    else:
        text = render(group.part, symbols, around, [node.nid for node in group.targets])
        draft.add(place.path, ReplaceCall(place.number, text, parameters_of(group)))
    note_placed(draft, group, "call")
