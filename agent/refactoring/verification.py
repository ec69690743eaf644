"""Whether a draft gives the tree that was meant (law 2), and what it does to weights and outputs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from archgraft.agent.refactoring.model import UserModel, homes_of, own_files, read_source
from archgraft.agent.refactoring.overlay import overlay
from archgraft.agent.rootstock import absent
from archgraft.evaluator.verify import trace
from archgraft.sandbox.protocol import Job, Limits, Message, Sandbox
from archgraft.tree_ops.builder import CONSTRUCT
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.expectation import Expectation, difference
from archgraft.tree_ops.model_reference import ModelReference
from archgraft.tree_ops.refactoring.draft import Draft
from archgraft.tree_ops.refactoring.symbols import Symbol
from archgraft.tree_ops.tree import Node

EFFECT = "archgraft.evaluator.swap_effect:run"
EXACT = 1e-5
"""Largest difference of outputs, relative to the largest output, that the order of float32 additions explains."""
NEAR = 1e-2

Likeness = Literal["exact", "near", "changing"]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A draft's model, built and traced from the files as they would be; or why it is not what was meant."""

    source: str
    header: Mapping[str, Any] | None
    reason: str = ""

    @property
    def is_intended(self) -> bool:
        return self.header is not None and not self.reason


@dataclass(frozen=True, slots=True)
class Effect:
    """What became of each tensor, and how much the outputs differ with the same weights on the same input."""

    keys: tuple[Mapping[str, Any], ...]
    error: float
    scale: float
    relative: float
    """The largest difference relative to the largest output, of the model or of an exchanged module."""

    @property
    def likeness(self) -> Likeness:
        return "exact" if self.relative <= EXACT else "near" if self.relative <= NEAR else "changing"


@dataclass(frozen=True)
class Verifier:
    """All that it takes to build a model from changed files."""

    model: UserModel
    top: Path
    sources: tuple[str, ...]
    cache: Path
    sandbox: Sandbox
    inputs: np.ndarray
    limits: Limits
    support: tuple[Path, ...] = ()
    """Files of the user's that the new code imports, besides those of the model."""

    def rebuild(self, draft: Draft, new_files: Mapping[Path, bytes]) -> Rebuilt:
        """Build the draft's model, and compare it with the intended tree."""
        changed = {**draft.result(), **new_files}
        reference = self.model.reference
        with overlay(self.top, {*self.model.files, *self.support}, changed) as folder:
            place = folder / self.model.main_file.relative_to(self.top)
            moved = replace(reference, place=str(place), text=reference.text)
            try:
                source = read_source(moved, self.sources, self.cache)
            except SourceError as error:
                return Rebuilt("", None, str(error).replace(f"{folder}/", ""))
            files = own_files(place, self.cache)
        traced = trace(self.sandbox, source.source, CONSTRUCT, self.inputs, 0, self.limits)
        if traced.header is None:
            return Rebuilt(source.source, None, f"it can't be built and run: {traced.outcome.reason}{absent(source)}")
        renamed = replace_homes(self.model, moved, homes_of(source.emitted, files))
        return Rebuilt(source.source, traced.header, self._fault(traced.header, draft, renamed) or "")

    def _fault(self, header: Mapping[str, Any], draft: Draft, changed: UserModel) -> str | None:
        nodes = [{**raw, "definition": changed.definition(raw["definition"])} for raw in header["nodes"]]
        if (reason := difference(self._expected(draft), _without_references(nodes))) is not None:
            return f"it would not be the model that was meant: {reason}"
        rootstock = self.model.rootstock
        if tuple(header["output_shape"][1:]) != rootstock.output_shape:
            return f"the output would have shape {tuple(header['output_shape'][1:])}, not {rootstock.output_shape}"
        if header["faults"]:
            return f"it could not be trained: {header['faults'][0]}"
        if len(header["unreached"]) > rootstock.n_unreached:
            return f"no gradient would reach {header['unreached'][0]}"
        return None

    def _expected(self, draft: Draft) -> Expectation:
        """All nodes outside what was exchanged as they are, and the new classes where they were put."""
        tree = self.model.tree
        kept: dict[str, Node] = {}
        for node in tree:
            if any(node.path == path or node.path.startswith(f"{path}.") for path in draft.placed):
                continue
            arguments = tuple(replace(one, kind="opaque") if one.kind == "reference" else one for one in node.arguments)
            kept[node.path] = replace(node, definition=self.model.definition(node.definition), arguments=arguments)
        definitions = {path: home_name(symbol) for path, symbol in draft.placed.items() if symbol is not None}
        stand_ins = {path: home_name(symbol) for path, symbol in draft.specialised.items()}
        changed = {path: arguments for path, arguments in draft.changed.items() if path in definitions}
        followed = {path: replace(tree.at(path), definition=definitions[path]) for path in changed}
        return Expectation(
            kept,
            followed=followed,
            open_paths=tuple(draft.placed),
            definitions=definitions,
            changed=changed,
            stand_ins=stand_ins,
        )

    def effect(self, rebuilt: Rebuilt, swapped: tuple[str, ...]) -> Effect:
        """Give the new model the old one's weights and run both. Raises `SourceError` when that fails."""
        tree = self.model.tree
        request: dict[str, Any] = {
            "old": tree.source,
            "new": rebuilt.source,
            "construct": CONSTRUCT,
            "seed": 0,
            "swapped": list(swapped),
        }
        job = Job(EFFECT, Message(request, {"inputs": self.inputs}), label="compare with the old model")
        outcome = self.sandbox.run(job, self.limits)
        if outcome.message is None:
            raise SourceError(f"the models can't be compared: {outcome.reason}")
        header: Any = outcome.message.header
        numbers = (float(header[name]) for name in ("error", "scale", "relative"))
        return Effect(tuple(header["keys"]), *numbers)


def replace_homes(model: UserModel, reference: ModelReference, homes: Mapping[str, Any]) -> UserModel:
    """The same model with the homes of another copy."""
    return replace(model, reference=reference, homes=homes)


def home_name(symbol: Symbol) -> str:
    """A symbol as `UserModel.definition` names classes."""
    if symbol.module == "torch.nn":
        return f"torch.nn.{symbol.name}"
    return symbol.defined or f"{symbol.module}:{symbol.name}"


def _without_references(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Arguments that refer to definitions are compared by kind: names of a copy differ from those of another."""
    return [
        {
            **node,
            "arguments": [
                {**one, "kind": "opaque"} if one["kind"] == "reference" else one for one in node["arguments"]
            ],
        }
        for node in nodes
    ]
