"""Changes of one file, as data; texts in them are Python as the file would write it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReplaceCall:
    """Put an expression in the place of the call with this number."""

    number: int
    text: str
    parameters: tuple[str, ...] = ()
    """Of what the old call calls, where the new text has the old call in it (`call_arguments.OLD_CALL`)."""


@dataclass(frozen=True, slots=True)
class ReplaceCallee:
    """Call something else with the same arguments."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class ChooseCall:
    """Put another expression in the place of a call in a loop, where a condition holds."""

    number: int
    text: str
    condition: str
    renamed: tuple[str, str] | None = None
    """The loop's variable, and what it is to be called."""
    parameters: tuple[str, ...] = ()
    """As for `ReplaceCall`."""


@dataclass(frozen=True, slots=True)
class ExtendInit:
    """Add statements to the `__init__` of a class: before it initialises weights, or as its last ones."""

    class_name: str
    statements: tuple[str, ...]
    before_initialisation: bool


@dataclass(frozen=True, slots=True)
class AddClass:
    """Put a new class behind another one."""

    after: str
    text: str


@dataclass(frozen=True, slots=True)
class AddDefinitions:
    """Put definitions before the statement at top level that binds a name, or at the end of the file."""

    text: str
    before: str | None


FileEdit = ReplaceCall | ReplaceCallee | ChooseCall | ExtendInit | AddClass | AddDefinitions
