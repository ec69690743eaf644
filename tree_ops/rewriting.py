"""One piece as emitted: the author's text, changed only where a name, an import or an annotation has to change."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from archgraft.tree_ops.cutting import cut
from archgraft.tree_ops.index import Definition, External, Target
from archgraft.tree_ops.inner_imports import import_edits
from archgraft.tree_ops.links import Link, LinkedPiece
from archgraft.tree_ops.naming import Names
from archgraft.tree_ops.reach import Reached
from archgraft.tree_ops.scopes import Annotation
from archgraft.tree_ops.text_edits import TextEdit


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What all pieces share while they are written."""

    reached: Reached
    same_as: Mapping[Definition, Definition]
    names: Names

    def name_of(self, target: Target) -> str | None:
        """The emitted name of a target, or None when it has none."""
        if isinstance(target, Definition):
            return self.names.of_definition.get(self.same_as.get(target, target))
        return self.names.of_import.get(target) if isinstance(target, External) else None

    def rewrite(self, piece: LinkedPiece) -> str:
        """The piece's text with all changes made."""
        return _PieceRewriter(self, piece).run()


class _PieceRewriter:
    def __init__(self, shared: Rewriting, piece: LinkedPiece) -> None:
        self.shared = shared
        self.piece = piece
        self.source = piece.source
        self.edits: list[TextEdit] = []

    def run(self) -> str:
        self.edits += cut(self.piece, self.shared.reached.live[self.piece.key]).edits
        for annotation in self._dropped_annotations():
            self._drop_annotation(annotation)
        self.edits += import_edits(self.shared.reached, self.shared.name_of, self.piece, self.source)
        for found in self.shared.reached.links(self.piece):
            self._rewrite_use(found)
        return self.source.apply(self.edits).rstrip("\n") if self.edits else self.piece.text

    def _replace(self, start: int, end: int, replacement: str) -> None:
        self.edits.append(TextEdit(start, end, replacement))

    # Names

    def _rewrite_use(self, found: Link) -> None:
        name = self.shared.name_of(found.target)
        use = found.use
        stays_local = use.local_import is not None and isinstance(found.target, External)
        if name is None or use.node is None or isinstance(use.node, ast.alias) or stays_local:
            return
        written = ".".join([use.name, *(attribute.attr for attribute in use.chain[: found.n_attributes])])
        if name == written:
            return
        if use.f_string is not None:
            self._rewrite_in_f_string(use.f_string, written, name)
            return
        start, end = self._span(found)
        self._replace(start, end, name)

    def _span(self, found: Link) -> tuple[int, int]:
        node, name = found.use.node, found.use.name
        if isinstance(node, ast.Name):
            last = found.use.chain[found.n_attributes - 1] if found.n_attributes else node
            return self.source.start(node), self.source.end(last)
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.stmt | ast.ExceptHandler)
        start = self.source.offset(node.lineno, node.col_offset)
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        start = self.source.find_word(name, start, self.source.offset(end_line, end_column))
        return start, start + len(name.encode())

    def _rewrite_in_f_string(self, node: ast.JoinedStr, written: str, name: str) -> None:
        start, end = self.source.start(node), self.source.end(node)
        pending = next((edit for edit in self.edits if (edit.start, edit.end) == (start, end)), None)
        text = pending.replacement if pending else self.source.text(start, end)
        pattern = re.compile(r"(?<![\w.])" + re.escape(written) + r"(?!\w)")
        changed = re.sub(r"\{[^{}]*\}", lambda part: pattern.sub(name, part.group()), text)
        if pending:
            self.edits.remove(pending)
        self._replace(start, end, changed)

    # Annotations

    def _dropped_annotations(self) -> Iterator[Annotation]:
        seen: set[int] = set()
        for found in self.shared.reached.links(self.piece):
            annotation = found.use.annotation
            if annotation is None or id(annotation.node) in seen:
                continue
            renamed = found.use.node is None and self.shared.name_of(found.target) not in (None, found.use.name)
            if renamed or not self.shared.reached.keeps(found):
                seen.add(id(annotation.node))
                yield annotation

    def _drop_annotation(self, annotation: Annotation) -> None:
        node, expression = annotation.node, annotation.expression
        if isinstance(node, ast.arg):
            start = self.source.start(node)
            self._replace(start + len(node.arg.encode()), self.source.end(node), "")
        elif isinstance(node, ast.AnnAssign):
            if node.value is None or self._is_field(node):
                self._replace(self.source.start(expression), self.source.end(expression), "object")
            else:
                equals = self.source.data.index(b"=", self.source.end(expression))
                self._replace(self.source.end(node.target), equals, " ")
        else:
            start = self.source.start(expression)
            arrow = self.source.data.rindex(b"->", 0, start)
            before = len(self.source.data[:arrow].rstrip(b" \t\n\f\\"))  # a line may end between the two
            colon = self.source.data.index(b":", self.source.end(expression))
            self._replace(before, colon, "")

    def _is_field(self, node: ast.AnnAssign) -> bool:
        """Whether the annotation itself means something: it makes a field of a dataclass or named tuple."""
        return any(
            isinstance(owner, ast.ClassDef) and node in owner.body
            for statement in self.piece.statements
            for owner in ast.walk(statement)
        )
