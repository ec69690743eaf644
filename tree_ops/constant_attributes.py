"""Attributes and methods, looked up by name: in a family of classes for `self`, in all of them for other objects."""

from collections.abc import Callable

from archgraft.tree_ops.constant_definitions import Family, Function
from archgraft.tree_ops.constant_escape import Escape
from archgraft.tree_ops.constant_program import Program
from archgraft.tree_ops.constant_values import ANY, NOTHING, Value, join
from archgraft.tree_ops.layer_attributes import is_layer_attribute

_CHANGED_BY_TORCH = frozenset({"training", "weight", "bias"})
"""Attributes that torch sets on modules it did not make: by `train`, by parametrisations."""


class Attributes(Escape):
    """Reads and sets attributes, and finds the methods that a name may mean."""

    def __init__(self, program: Program, most_lines: int | None = None) -> None:
        super().__init__(program, most_lines)
        self._read_names: set[str] = set()
        self._leaked_names: set[str] = set()
        self._written_names: list[Callable[[str], bool]] = []
        self._families = list({id(found.family): found.family for found in program.classes.values()}.values())
        self._methods_by_name: dict[str, list[Function]] = {}

    def read_attribute(self, family: Family, name: str) -> Value:
        """An attribute of `self`, looked up in a family."""
        if _is_foreign(family, name):
            self.leak_attribute(name)
            return ANY
        both = join(self.read("attribute", family, name), self.read("attribute", None, name))
        if both is ANY or any(is_written(name) for is_written in self._written_names):
            self.leak_attribute(name)
            return ANY
        return both

    def write_attribute(self, family: Family | None, name: str, value: Value) -> None:
        """Code sets an attribute, of `self` or (family None) of anything."""
        self.put(value, "attribute", family, name)
        is_foreign = family is not None and _is_foreign(family, name)
        if name in self._leaked_names or self.is_computed(name) or is_foreign:
            self.escape(value)

    def write_all_attributes(self, names: Callable[[str], bool]) -> None:
        """Code sets attributes whose name it computes."""
        self._written_names.append(names)
        for cell in [cell for cell in self._readers if cell[0] == "attribute" and names(str(cell[2]))]:
            self.put(ANY, *cell)

    def leak_attribute(self, name: str) -> None:
        """Code reads the attribute of an unknown object."""
        self.note_read(name)
        if name in self._leaked_names:
            return
        self._leaked_names.add(name)
        for family in [None, *self._families]:
            self.leak("attribute", family, name)

    def note_read(self, name: str) -> None:
        """Code names an attribute, so a method of that name may be called by what was seen."""
        self._read_names.add(name)

    def methods_called(self, name: str, family: Family | None) -> list[Function]:
        """The methods that a call through an object may mean."""
        self.note_read(name)
        methods = family.methods(name) if family is not None else self._methods_of_any(name)
        return [method for method in methods if self.read("instance", method.owner) != NOTHING]

    def _methods_of_any(self, name: str) -> list[Function]:
        found = self._methods_by_name.get(name)
        if found is None:
            found = [method for family in self._families for method in family.methods(name)]
            self._methods_by_name[name] = found
        return found

    def escape_methods(self, name: str, family: Family | None = None) -> None:
        """Code takes a method as a value."""
        for method in self.methods_called(name, family):
            self.escape_function(method)

    def escape_all_methods(self, names: Callable[[str], bool]) -> None:
        """Code reads attributes whose name it computes."""
        self._open_names.append(names)
        for found in list(self._instantiated):
            for name, method in found.methods.items():
                if names(name):
                    self.note_read(name)
                    self.escape_function(method)
        for cell in [cell for cell in self._values if cell[0] == "attribute" and names(str(cell[2]))]:
            self.leak(*cell)

    def escape_unread_methods(self) -> None:
        """Methods that only others can call: no code that was seen names them."""
        for found in list(self._instantiated):
            for name, method in found.methods.items():
                if name not in self._read_names and name != "__init__":
                    self.escape_function(method)


def _is_foreign(family: Family, name: str) -> bool:
    """Whether code that nobody sees may set or read the attribute."""
    is_kept_by_layer = family.is_layer and is_layer_attribute(name)
    return family.is_open or is_kept_by_layer or name in _CHANGED_BY_TORCH or name.startswith("__")
