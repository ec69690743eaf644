"""What an edit of a search puts at its places, as parts for the user's own files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from archgraft.agent.refactoring.replacement import Parts, Replacement, SourceMaker, Way, read_replacement
from archgraft.sandbox.protocol import Sandbox
from archgraft.tree_ops.default_arguments import usual_arguments
from archgraft.tree_ops.draft import adapter_source, short
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.library_records import LibraryModule
from archgraft.tree_ops.operators.required import graft_of
from archgraft.tree_ops.operators.split import OUTPUT_WIDTH, output_width
from archgraft.tree_ops.operators.wrap import COMPOSITES
from archgraft.tree_ops.refactoring.call_places import Home
from archgraft.tree_ops.refactoring.new_source import NewSource
from archgraft.tree_ops.refactoring.parts import Call, Copy, Given, Old, Part, Unknown, Value
from archgraft.tree_ops.refactoring.spots import Setting, Spot
from archgraft.tree_ops.refactoring.symbols import Symbol
from archgraft.tree_ops.tree import Node

_INSERTIONS = {"": "Grafted", "after": "Grafted", "before": "GraftedBefore"}
"""By the form of an insertion: the adapter class that holds host and graft."""


def parts_of(edit: Edit, module_of: Callable[[str], LibraryModule], cache: Path) -> Parts | None:
    """What the edit puts at its places; None for edits that change code elsewhere."""
    match edit.operator:
        case "delete":
            return read_replacement("torch.nn:Identity()", None, (), cache, {})
        case "swap":
            return _fitted(edit, module_of)
        case "insert":
            return _fitted(edit, module_of, _INSERTIONS[edit.form])
        case "wrap" if edit.form != "residual":
            return _fitted(edit, module_of, COMPOSITES[edit.form])
        case "change_argument" | "duplicate" | "wrap" | "split":
            return Rewriting(edit)
    return None


def _fitted(edit: Edit, module_of: Callable[[str], LibraryModule], holder: str = "") -> Replacement:
    module = module_of(graft_of(edit).module_id)
    spec = module.spec
    return Replacement(
        spec.class_name,
        None,
        spec,
        module.contract,
        spec.parameters,
        None,
        graft=edit.graft,
        holder=holder,
        projection=edit.projection,
    )


@dataclass(frozen=True)
class Rewriting:
    """An edit that makes something of the modules that stand there, and needs no other."""

    edit: Edit
    files: tuple[Path, ...] = ()
    problems: list[str] = field(default_factory=list)

    def ways(
        self,
        setting: Setting,
        spots: Sequence[Spot],
        fresh: SourceMaker,
        sandbox: Sandbox,  # noqa: ARG002 -- as `Parts` has it
    ) -> Iterator[Way]:
        """The one way, where the old modules can be named."""
        source: NewSource | None = None
        parts = []
        for spot in spots:
            needs = self._adapter(spot)
            symbol = None
            if needs:
                source = source or fresh(needs)
                symbol = source.add(adapter_source(needs), needs)
            try:
                parts.append(self._part(setting, spot, symbol))
            except SourceError as error:
                self.problems.append(str(error))
                return
        yield Way(tuple(parts), source, "as the search did")

    def _adapter(self, spot: Spot) -> str:
        """The adapter class that the new expression needs."""
        operator, form = self.edit.operator, self.edit.form
        if operator == "wrap":
            return COMPOSITES[form]
        if operator == "split":
            return "Average" if form == "average" else "ConcatenateChannels"
        return "Chain" if operator == "duplicate" and spot.targets[0].extra_inputs else ""

    def _part(self, setting: Setting, spot: Spot, adapter: Symbol | None) -> Part:
        if self.edit.operator == "change_argument":
            return _copy(setting, spot, self.edit.changes)
        if self.edit.operator == "duplicate":
            return Call(adapter or Symbol("torch.nn", "Sequential"), (("", Old()), ("", _copy(setting, spot))))
        assert adapter is not None
        if self.edit.operator == "wrap":
            return Call(adapter, (("", Old()),))
        if self.edit.form == "average":
            return Call(adapter, (("", Old()), ("", _copy(setting, spot))))
        node = spot.targets[0]
        width, name = output_width(node), OUTPUT_WIDTH[node.definition]
        halves = [_copy(setting, spot, ((name, str(half)),)) for half in (width // 2, width - width // 2)]
        axis = "-1" if node.definition == "torch.nn.Linear" else "1"
        return Call(adapter, (*(("", half) for half in halves), ("axis", axis)))


def _copy(setting: Setting, spot: Spot, changes: Sequence[tuple[str, str]] = ()) -> Copy:
    """Modules like those of the spot, with some arguments changed."""
    first = spot.targets[0]
    usual = usual_arguments(setting.tree.source, first.definition)
    placed = {name for name, is_keyword in spot.written or () if not is_keyword}
    texts = {name: short(text) for name, text in changes}
    given: dict[str, Value] = {}
    for one in first.arguments:
        values = {node.nid: _text_of(node, one.name) for node in spot.targets}
        if one.name in texts:
            given[one.name] = texts[one.name]
        elif one.kind != "literal" or one.name.startswith("*"):
            given[one.name] = Unknown(one.name)
        elif one.name in placed or set(values.values()) != {usual.get(one.name)}:
            given[one.name] = Given(one.name, values)
    arguments = tuple(("" if name in placed else name, value) for name, value in (given | texts).items())
    return Copy(Call(_class_of(first, setting.homes), arguments), tuple(texts.items()))


def _text_of(node: Node, name: str) -> str:
    return next((one.text for one in node.arguments if one.name == name), "")


def _class_of(node: Node, homes: Mapping[str, Home]) -> Symbol:
    if node.definition.startswith("torch.nn."):
        return Symbol("torch.nn", node.definition.removeprefix("torch.nn."))
    top, dot, rest = node.definition.partition(".")
    home = homes[top]
    return Symbol(home.definition.module, f"{home.definition.name}{dot}{rest}", home.path if home.is_own else None)
