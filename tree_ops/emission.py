"""Prints an edited tree as source, cheapest rung first; the caller accepts what rebuilds to the intended tree.

A candidate's file ends in `build_model()`, which constructs the rootstock and then applies overrides. Rung 1 changes
the call expression that made the node, where that call made nothing else. Rung 2 adds an override to `build_model()`.
Text outside the change stays as its author wrote it, and definitions that nothing uses any more are dropped.
"""

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from archgraft.tree_ops.builder import BUILDER, ORIGIN_MARK
from archgraft.tree_ops.edits import Adapter, Edit, Graft
from archgraft.tree_ops.merge import merge, prune
from archgraft.tree_ops.source_text import call_with, insert_before_return, read_site, replace_site, with_imports
from archgraft.tree_ops.spec import ModuleSpec
from archgraft.tree_ops.syntax import parse
from archgraft.tree_ops.tree import Node, Tree

_ADAPTER_FILE = Path(__file__).with_name("adapter_modules.py")
_SLOT = "ARCHGRAFT_SLOT_"
_IMPORTS = ("import functools", "import types", "import torch", "from torch import nn")


@dataclass(frozen=True, slots=True)
class Emitted:
    """A printed offspring, still unverified. `definition` is the class that must come to stand at the site."""

    source: str
    definition: str | None
    rung: Literal["call", "override"]


def emissions(tree: Tree, edit: Edit, spec_of: Callable[[str], ModuleSpec]) -> Iterator[Emitted]:
    """The offspring's source by each rung that applies, cheapest first."""
    node = tree.nodes[edit.nid]
    parameters = [argument.name for argument in node.arguments]
    if node.site is not None and node.site.n_instances == 1:
        call = read_site(tree.source, node.site)
        changed = call_with(call, [(name, _short(value)) for name, value in edit.changes], parameters)
        if changed is not None:
            parts = _Parts(spec_of)
            text = parts.expression(edit, node, changed)
            yield parts.finish(replace_site(tree.source, node.site, text), edit, "call")
    if node.path:
        old = f'model.get_submodule("{node.path}")' if edit.operator != "change_argument" else rebuilt_call(node, edit)
        if old is not None:
            parts = _Parts(spec_of)
            line = f'model.set_submodule("{node.path}", {parts.expression(edit, node, old)})'
            yield parts.finish(insert_before_return(tree.source, BUILDER, [line]), edit, "override")


def rebuilt_call(node: Node, edit: Edit) -> str | None:
    """A call that builds the node anew from its recorded arguments, changes included; None when one is opaque."""
    changes = dict(edit.changes)
    if any(argument.kind == "opaque" or argument.name.startswith("*") for argument in node.arguments):
        return None
    values = {argument.name: argument.text for argument in node.arguments} | changes
    return _short(f"{node.definition}({', '.join(f'{key}={value}' for key, value in values.items())})")


def _short(expression: str) -> str:
    """The expression with torch.nn's names as every candidate's file knows them."""
    return expression.replace("torch.nn.", "nn.")


class _Parts:
    """Definitions that a change needs, each with a slot in the text where its final name goes.

    Names are settled only when the parts are merged into the host's file, where one of them may collide.
    """

    def __init__(self, spec_of: Callable[[str], ModuleSpec]) -> None:
        self._spec_of = spec_of
        self._parts: list[tuple[str, str]] = []  # source, name in it

    def expression(self, edit: Edit, node: Node, old: str) -> str:
        """What comes to stand where `old` stood."""
        match edit.operator:
            case "swap":
                return self._graft(_required(edit.graft))
            case "insert":
                return f"{self._adapter_name('Grafted')}({old}, {self._graft(_required(edit.graft))})"
            case "delete":
                return f"{self._adapter_name('IgnoreExtra')}(nn.Identity())" if node.extra_inputs else "nn.Identity()"
            case "change_argument":
                return old

    def finish(self, source: str, edit: Edit, rung: Literal["call", "override"]) -> Emitted:
        """The whole file: parts merged in, slots named, leftovers pruned."""
        source = with_imports(source, _IMPORTS)  # those that turn out unused are pruned
        names = []
        for index, (part, name) in enumerate(self._parts):
            merged = merge(source, part, name)
            names.append(merged.class_name)
            source = merged.source.replace(f"{_SLOT}{index}_", merged.class_name)
        return Emitted(prune(source, [BUILDER]), self._definition(edit, names), rung)

    def _definition(self, edit: Edit, names: Sequence[str]) -> str | None:
        """The class of the outermost call: the first that was named while writing from the outside in."""
        match edit.operator:
            case "swap":
                graft = _required(edit.graft)
                is_sequence = not graft.outer and (graft.before or graft.after)
                return "torch.nn.Sequential" if is_sequence else names[0]
            case "insert":
                return names[0]
            case "delete":
                return names[0] if names else "torch.nn.Identity"
            case "change_argument":
                return None

    def _graft(self, graft: Graft) -> str:
        """The expression of a graft. Names are taken from the outside in, so that the outermost comes first."""
        outer = [self._adapter_name(adapter.name) for adapter in reversed(graft.outer)]
        wrappers = [(self._adapter_name(adapter.name), adapter) for adapter in reversed(graft.wrappers)]
        spec = self._spec_of(graft.module_id)
        core = f"{self._slot(with_origin(spec), spec.class_name)}({_short(_keywords(graft.arguments))})"
        for name, adapter in reversed(wrappers):
            further = f", {_keywords(adapter.arguments)}" if adapter.arguments else ""
            core = f"{name}({core}{further})"
        pipeline = [*map(_torch_call, graft.before), core, *map(_torch_call, graft.after)]
        text = core if len(pipeline) == 1 else f"nn.Sequential({', '.join(pipeline)})"
        for name in reversed(outer):
            text = f"{name}({text})"
        return text

    def _adapter_name(self, name: str) -> str:
        return self._slot(adapter_source(name), name)

    def _slot(self, source: str, name: str) -> str:
        self._parts.append((source, name))
        return f"{_SLOT}{len(self._parts) - 1}_"


def with_origin(spec: ModuleSpec) -> str:
    """A mined source with a line above its class that says where it comes from and under which licence."""
    lines = spec.source.splitlines(keepends=True)
    for statement in parse(spec.source).body:
        if isinstance(statement, ast.ClassDef) and statement.name == spec.class_name:
            first = min([statement.lineno, *(decorator.lineno for decorator in statement.decorator_list)])
            lines.insert(first - 1, f"{credit(spec)}\n")
    return "".join(lines)


def credit(spec: ModuleSpec) -> str:
    """One line of comment that names a module's origin and licence."""
    origin = spec.origin
    version = f" {origin.version}" if origin.version else ""
    return f"{ORIGIN_MARK}{origin.source}{version}, {origin.path}:{origin.line} ({origin.licence}), module {spec.id}."


@cache
def adapter_source(name: str) -> str:
    """One class of `adapter_modules` as self-contained source."""
    return prune(_ADAPTER_FILE.read_text(encoding="utf-8"), [name])


def _torch_call(adapter: Adapter) -> str:
    return f"{adapter.name}({_keywords(adapter.arguments)})"


def _keywords(arguments: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{name}={value}" for name, value in arguments)


def _required(graft: Graft | None) -> Graft:
    if graft is None:
        raise ValueError("swap and insert edits carry a graft")
    return graft
