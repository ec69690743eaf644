"""The loops around a call: what varies from one instance to the next when one call makes several."""

import libcst as cst

_COMPREHENSIONS = (cst.ListComp, cst.GeneratorExp, cst.SetComp, cst.DictComp)
_SCOPES = (*_COMPREHENSIONS, cst.For, cst.FunctionDef, cst.Lambda)
Loop = cst.For | cst.CompFor


def loop_of(module: cst.Module, call: cst.Call) -> Loop | None:
    """The innermost loop or comprehension that runs the call, in the same function; None when it stands in none."""
    finder = _LoopFinder(call)
    module.visit(finder)
    return finder.found


def variable_of(loop: Loop) -> str | None:
    """The one name that the loop sets; None when it sets several."""
    return loop.target.value if isinstance(loop.target, cst.Name) else None


def is_counting(loop: Loop) -> bool:
    """Whether it counts from 0 by ones: `for i in range(n)`."""
    over = loop.iter
    return (
        isinstance(over, cst.Call)
        and isinstance(over.func, cst.Name)
        and over.func.value == "range"
        and len(over.args) == 1
    )


class _LoopFinder(cst.CSTVisitor):
    def __init__(self, call: cst.Call) -> None:
        self._call = call
        self._stack: list[Loop | None] = []
        self.found: Loop | None = None

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, _COMPREHENSIONS):
            self._stack.append(_innermost(node.for_in))
        elif isinstance(node, cst.For):
            self._stack.append(node)
        elif isinstance(node, cst.FunctionDef | cst.Lambda):
            self._stack.append(None)  # what is made in a function is made when that is called
        elif node is self._call and self._stack:
            self.found = self._stack[-1]
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, _SCOPES):
            self._stack.pop()


def _innermost(loop: cst.CompFor) -> cst.CompFor:
    while loop.inner_for_in is not None:
        loop = loop.inner_for_in
    return loop
