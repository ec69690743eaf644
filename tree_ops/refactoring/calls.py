"""What a call in a user's file gives to what it calls."""

from collections.abc import Sequence

import libcst as cst

from archgraft.tree_ops.refactoring.call_places import concrete_calls


def written_arguments(
    module: cst.Module, number: int, parameters: Sequence[str]
) -> tuple[tuple[str, bool], ...] | None:
    """The parameters that a call gives, and whether by keyword; None when it unpacks arguments.

    `parameters` are the callee's, in order.
    """
    given: list[tuple[str, bool]] = []
    for place, argument in enumerate(concrete_calls(module)[number].args):
        if argument.star or (argument.keyword is None and place >= len(parameters)):
            return None
        given.append((parameters[place], False) if argument.keyword is None else (argument.keyword.value, True))
    return tuple(given)
