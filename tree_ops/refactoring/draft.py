"""A refactoring in the making: changes of the user's files, and the tree that they are meant to give."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from archgraft.tree_ops.refactoring.apply import apply
from archgraft.tree_ops.refactoring.edits import FileEdit
from archgraft.tree_ops.refactoring.symbols import FileSymbols, Symbol
from archgraft.tree_ops.refactoring.user_file import UserFile


@dataclass
class Draft:
    """Edits by file, each file's names, and the classes that must come to stand at some paths."""

    files: Mapping[Path, UserFile]
    symbols: dict[Path, FileSymbols]
    edits: dict[Path, list[FileEdit]] = field(default_factory=dict)
    placed: dict[str, Symbol | None] = field(default_factory=dict)
    """By path: what was put there; None where that is only known once it is built."""
    specialised: dict[str, Symbol] = field(default_factory=dict)
    """By path: the new class of a module whose children are otherwise kept."""
    changed: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """By path: the arguments that what was put there must have been given."""
    rungs: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, files: Mapping[Path, UserFile]) -> "Draft":
        """Nothing changed yet."""
        return cls(files, {path: FileSymbols(path, file.text) for path, file in files.items()})

    def copy(self) -> "Draft":
        """A draft to go on with, while this one stays as it is."""
        return Draft(
            self.files,
            {path: symbols.copy() for path, symbols in self.symbols.items()},
            {path: list(edits) for path, edits in self.edits.items()},
            dict(self.placed),
            dict(self.specialised),
            dict(self.changed),
            list(self.rungs),
        )

    def add(self, path: Path, *edits: FileEdit) -> None:
        """Note edits of a file."""
        self.edits.setdefault(path, []).extend(edits)

    def result(self) -> dict[Path, bytes]:
        """The files that change, as they would be. Raises `SourceError` when an edit can't be made."""
        changed = {path for path, symbols in self.symbols.items() if symbols.needed} | set(self.edits)
        return {path: apply(self.files[path], self.edits.get(path, ()), self.symbols[path]) for path in sorted(changed)}
