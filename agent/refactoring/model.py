"""The user's model as a refactoring sees it: its tree, and where in the user's files each definition stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from archgraft.agent.rootstock import Rootstock, SelfContained, plant, self_contained
from archgraft.sandbox.protocol import Job, Limits, Message, Sandbox
from archgraft.tree_ops.fetch import resolve
from archgraft.tree_ops.index import Definition, SourceIndex
from archgraft.tree_ops.local_imports import local_files
from archgraft.tree_ops.model_reference import ModelReference
from archgraft.tree_ops.refactoring.call_places import Home, Places
from archgraft.tree_ops.tree import CodeSite, Node, Tree

SCOPE = "archgraft.evaluator.scope_values:run"
_INSTALLED = {"site-packages", "dist-packages"}


@dataclass(frozen=True)
class UserModel:
    """A traced model, the user's own files that it is made of, and the home of each definition of its source."""

    reference: ModelReference
    rootstock: Rootstock
    files: Mapping[Path, str]
    """The user's own files by path, with their dotted module names."""
    homes: Mapping[str, Home]

    @property
    def tree(self) -> Tree:
        return self.rootstock.tree

    @property
    def main_file(self) -> Path:
        """The file that the user named."""
        return Path(self.reference.place).resolve()

    def definition(self, name: str) -> str:
        """A class of the copy by its home: the same before and after a change, whatever it is called in the copy."""
        top, dot, rest = name.partition(".")
        home = self.homes.get(top)
        return name if home is None else f"{home.definition.module}:{home.definition.name}{dot}{rest}"


def read_source(reference: ModelReference, sources: Sequence[str], cache: Path) -> SelfContained:
    """The model as one source, with all that its classes can do. Raises `SourceError`."""
    return self_contained(reference, sources, cache, fold=False)


def read_model(
    reference: ModelReference,
    source: SelfContained,
    cache: Path,
    sandbox: Sandbox,
    inputs: np.ndarray,
    limits: Limits,
) -> UserModel:
    """Build and trace the model, and find its definitions in the user's files. Raises `SourceError`."""
    rootstock = plant(reference.text, source, sandbox, inputs, limits)
    files = own_files(Path(reference.place), cache) if reference.is_file else {}
    return UserModel(reference, rootstock, files, homes_of(source.emitted, files))


def own_files(path: Path, cache: Path) -> dict[Path, str]:
    """The file and those of the same code base that it imports, with their dotted names."""
    found = [file for file in local_files(path.resolve()) if not _INSTALLED & set(file.parts)]
    index = SourceIndex.build([resolve(str(file), cache) for file in found], cache=cache)
    return {module.path: name for name, module in index.modules.items() if module.path in found}


def homes_of(emitted: Mapping[Definition, str], files: Mapping[Path, str]) -> dict[str, Home]:
    """By name in the copy: where its definition stands; the user's own where several are the same."""
    paths = {module: path for path, module in files.items()}
    homes: dict[str, Home] = {}
    for definition, name in emitted.items():
        path = paths.get(definition.module)
        if path is not None or name not in homes:
            homes[name] = Home(definition, path or Path(definition.module), path is not None)
    return homes


def places_of(model: UserModel, texts: Mapping[Path, str]) -> Places:
    """Where the model's calls stand in the user's files."""
    return Places(model.tree.source, model.homes, texts)


def scopes_at(sandbox: Sandbox, tree: Tree, nodes: Iterable[Node], limits: Limits) -> Mapping[str, dict[str, str]]:
    """What the names around the calls that made these nodes were worth, by node; empty where that can't be told."""
    spans = {_span(node.site) for node in nodes if node.site is not None}
    request: dict[str, Any] = {
        "source": tree.source,
        "construct": tree.construct,
        "seed": 0,
        "spans": [list(span) for span in spans],
    }
    outcome = sandbox.run(Job(SCOPE, Message(request), label="read names in scope"), limits)
    if outcome.message is None:
        return {}
    found: Any = outcome.message.header.get("scopes", {})
    nids = {node.path: node.nid for node in tree}
    return {nids[path]: {str(name): str(text) for name, text in pairs} for path, pairs in found.items() if path in nids}


def _span(site: CodeSite) -> tuple[int, int, int, int]:
    return site.line, site.column, site.end_line, site.end_column
