"""Makes the changes of a file in its concrete syntax tree; all that they don't touch keeps its text."""

from collections import defaultdict
from collections.abc import Sequence

import libcst as cst

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.refactoring.call_arguments import keyword_spacing, spaced, spaced_text, with_old_call
from archgraft.tree_ops.refactoring.call_places import concrete_calls
from archgraft.tree_ops.refactoring.edits import (
    AddClass,
    AddDefinitions,
    ChooseCall,
    ExtendInit,
    FileEdit,
    ReplaceCall,
    ReplaceCallee,
)
from archgraft.tree_ops.refactoring.import_lines import with_imports
from archgraft.tree_ops.refactoring.init_body import extended_init
from archgraft.tree_ops.refactoring.long_lines import columns_of, with_short_lines
from archgraft.tree_ops.refactoring.loops import loop_of, variable_of
from archgraft.tree_ops.refactoring.symbols import FileSymbols
from archgraft.tree_ops.refactoring.user_file import UserFile

_N_NEAR = 6
"""How many calls before and behind one count as its neighbours."""
Line = cst.SimpleStatementLine | cst.BaseCompoundStatement


def apply(file: UserFile, edits: Sequence[FileEdit], symbols: FileSymbols) -> bytes:
    """The file's bytes with all edits made and the imports added that these need.

    Raises `SourceError` when an edit can't be made here.
    """
    transformer = _Edits(file.module, edits)
    module = file.module.visit(transformer)
    for edit in edits:
        if isinstance(edit, AddDefinitions):
            module = _with_definitions(module, edit)
            transformer.pending.remove(edit)
    if transformer.pending:
        raise SourceError(f"{file.path} has no place for {transformer.pending[0]}")
    module = with_short_lines(module, file.module.code, columns_of(file.longest_line))
    return file.changed(with_imports(module, symbols, file.longest_line))


class _Edits(cst.CSTTransformer):
    def __init__(self, module: cst.Module, edits: Sequence[FileEdit]) -> None:
        self._module = module
        self.pending = list(edits)
        self._calls = calls = concrete_calls(module)
        self._spacing = keyword_spacing(calls)
        self._of_call: dict[int, ReplaceCall | ReplaceCallee | ChooseCall] = {}
        self._new_names: dict[int, str] = {}
        self._inits: dict[str, list[ExtendInit]] = defaultdict(list)
        self._classes: dict[str, list[AddClass]] = defaultdict(list)
        self._inside: list[str] = []
        for edit in edits:
            if isinstance(edit, ReplaceCall | ReplaceCallee | ChooseCall):
                self._of_call[id(calls[edit.number])] = edit
            if isinstance(edit, ChooseCall) and edit.renamed is not None:
                loop = loop_of(module, calls[edit.number])
                if loop is None or variable_of(loop) != edit.renamed[0]:
                    raise SourceError(f"no loop sets {edit.renamed[0]} there")
                self._new_names[id(loop)] = edit.renamed[1]
            if isinstance(edit, ExtendInit):
                self._inits[edit.class_name].append(edit)
            if isinstance(edit, AddClass):
                self._classes[edit.after].append(edit)

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:  # noqa: N802
        edit = self._of_call.get(id(original_node))
        if edit is None:
            return updated_node
        self.pending.remove(edit)
        if isinstance(edit, ReplaceCallee):
            return updated_node.with_changes(func=self._expression(edit.text))
        new = spaced(self._expression(edit.text), self._spacing_near(original_node))
        new = with_old_call(new, updated_node.with_changes(lpar=(), rpar=()), edit.parameters)
        if isinstance(edit, ReplaceCall):
            return new.with_changes(lpar=updated_node.lpar, rpar=updated_node.rpar)
        return cst.IfExp(body=new, test=self._expression(edit.condition), orelse=updated_node)

    def leave_For(self, original_node: cst.For, updated_node: cst.For) -> cst.For:  # noqa: N802
        name = self._new_names.get(id(original_node))
        return updated_node if name is None else updated_node.with_changes(target=cst.Name(name))

    def leave_CompFor(self, original_node: cst.CompFor, updated_node: cst.CompFor) -> cst.CompFor:  # noqa: N802
        name = self._new_names.get(id(original_node))
        return updated_node if name is None else updated_node.with_changes(target=cst.Name(name))

    def visit_ClassDef(self, node: cst.ClassDef) -> None:  # noqa: N802
        self._inside.append(node.name.value)

    def leave_ClassDef(  # noqa: N802
        self, original_node: cst.ClassDef, updated_node: cst.ClassDef
    ) -> cst.ClassDef | cst.FlattenSentinel[cst.BaseStatement]:
        name = ".".join(self._inside)
        self._inside.pop()
        added = [self._new_class(edit, original_node) for edit in self._classes.pop(name, [])]
        return cst.FlattenSentinel([updated_node, *added]) if added else updated_node

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:  # noqa: N802
        self._inside.append(node.name.value)

    def leave_FunctionDef(  # noqa: N802
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        owner = ".".join(self._inside[:-1])
        self._inside.pop()
        if original_node.name.value == "__init__":
            for edit in self._inits.pop(owner, []):
                self.pending.remove(edit)
                statements = [spaced_text(one, self._spacing) for one in edit.statements]
                updated_node = extended_init(
                    self._module, updated_node, statements, before_initialisation=edit.before_initialisation
                )
        return updated_node

    def _new_class(self, edit: AddClass, old: cst.ClassDef) -> cst.BaseStatement:
        """The new class, with as many blank lines before it as the old one has."""
        self.pending.remove(edit)
        blank = [line for line in old.leading_lines if line.comment is None]
        new = cst.parse_statement(spaced_text(edit.text, self._spacing), config=self._module.config_for_parsing)
        return new.with_changes(leading_lines=blank or [cst.EmptyLine(indent=False)] * 2)

    def _spacing_near(self, call: cst.Call) -> cst.AssignEqual:
        """How the call itself, else those around it, else those of the file write keywords."""
        place = next(number for number, one in enumerate(self._calls) if one is call)
        return keyword_spacing([call], self._calls[max(place - _N_NEAR, 0) : place + _N_NEAR], self._calls)

    def _expression(self, text: str) -> cst.BaseExpression:
        return cst.parse_expression(text, config=self._module.config_for_parsing)


def _with_definitions(module: cst.Module, edit: AddDefinitions) -> cst.Module:
    """The module with definitions more, two blank lines around them."""
    new = list(cst.parse_module(edit.text, config=module.config_for_parsing).body)
    body: list[Line] = list(module.body)
    blank = [cst.EmptyLine(indent=False)] * 2
    place = next((n for n, line in enumerate(body) if edit.before in _bound(line)), len(body))
    if place:
        new[0] = new[0].with_changes(leading_lines=blank)
    if place < len(body):
        after = body[place]
        leading = [line for line in after.leading_lines if line.comment is not None]
        body[place] = after.with_changes(leading_lines=[*blank, *leading])
    return module.with_changes(body=[*body[:place], *new, *body[place:]])


def _bound(line: Line) -> set[str]:
    """The names that a statement at top level defines."""
    if isinstance(line, cst.ClassDef | cst.FunctionDef):
        return {line.name.value}
    if isinstance(line, cst.SimpleStatementLine):
        targets = [target.target for one in line.body if isinstance(one, cst.Assign) for target in one.targets]
        return {target.value for target in targets if isinstance(target, cst.Name)}
    return set()
