"""The state of the propagation: what each cell holds, who reads it, and what may run.

`constant_contents` says what a cell is, `constant_escape` what happens to values that get lost from sight, and
`constant_attributes` how attributes and methods are found.
"""

from collections.abc import Callable

from archgraft.tree_ops.constant_attributes import Attributes
from archgraft.tree_ops.constant_definitions import Function
from archgraft.tree_ops.constant_program import Program
from archgraft.tree_ops.constant_values import ANY
from archgraft.tree_ops.constant_worklist import Unit
from archgraft.tree_ops.index import Definition
from archgraft.tree_ops.scopes import all_arguments


class Cells(Attributes):
    """All cells of a program. More than `most_lines` lines that may run end the work with `GivenUpError`."""

    def __init__(self, program: Program, most_lines: int | None = None) -> None:
        super().__init__(program, most_lines)
        self.pure_calls: set[int] = set()
        """Calls that were seen to do nothing but answer, by the identity of their nodes."""
        self.callees: dict[int, list[Function]] = {}
        """The functions that a call was seen to mean, by the identity of its node."""

    def start_root(self, root: Definition) -> None:
        """A root is made and used by others, with anything."""
        self.demand(root)
        found = self.program.classes.get(root)
        if found is None:
            self.escape_definition(root)
            return
        init = self.program.method(found, "__init__")
        self.instantiate(found)
        for member in self.program.linearised(found):
            for name, method in member.methods.items():
                if not name.startswith("_"):
                    self.note_read(name)
                    self.escape_function(method)
        if init is not None:
            self.call_with_anything(init)

    def open_parameters(self, is_open: Callable[[str], bool]) -> None:
        """Constructor parameters of some names may be given anything."""
        for found in self.program.classes.values():
            init = found.methods.get("__init__")
            for argument in all_arguments(init.node.args) if init is not None else ():
                if is_open(argument.arg):
                    self.put(ANY, "parameter", init, argument.arg)

    def work(self, run: Callable[[Unit], None]) -> None:
        """Run units until nothing changes. Raises `GivenUpError`."""
        self.worklist.work(run, self._settle)

    def _settle(self) -> None:
        """When all is quiet: methods that only others can call, then cells that code reads and nobody fills."""
        self.escape_unread_methods()
        if not self.worklist:
            self.fill_unfilled()
