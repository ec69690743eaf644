"""What each operator writes into one model's file: the table of docs/edits.md, made by the printer itself."""

import ast
import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archgraft.agent.paths import cache_folder
from archgraft.agent.show_tree import traced_model
from archgraft.sandbox.protocol import Limits, Sandbox
from archgraft.tree_ops.builder import BUILDER
from archgraft.tree_ops.class_sources import ClassSources
from archgraft.tree_ops.donors import donor
from archgraft.tree_ops.edits import Edit, Graft, Operator, combine
from archgraft.tree_ops.emission import emissions
from archgraft.tree_ops.fit import projection
from archgraft.tree_ops.operators.join import join_edits
from archgraft.tree_ops.operators.skip import skip_edits
from archgraft.tree_ops.spec import ModuleSpec, Origin
from archgraft.tree_ops.tree import Tree

HOST = "examples/resnet.py:ResNet"
_SHAPE = (1, 8, 8)
_CONV_BLOCK = """from torch import nn


class ConvBlock(nn.Sequential):
    def __init__(self, in_chs, out_chs):
        super().__init__(nn.Conv2d(in_chs, out_chs, 3, padding=1), nn.ReLU())
"""
_SPEC = ModuleSpec(
    "conv_block",
    "ConvBlock",
    _CONV_BLOCK,
    (),
    ("torch",),
    Origin("docs", "", "blocks.py", 1, "blocks.ConvBlock", ""),
    6,
)


@dataclass(frozen=True, slots=True)
class Example:
    """An edit, and what its operator does in words."""

    edit: Edit
    told: str


def table(sandbox: Sandbox) -> str:
    """One row an operator and form: what it does, and the lines of the host that it writes."""
    root = Path(__file__).parents[1]
    tree = traced_model(f"{root / HOST}", _SHAPE, [], cache_folder(), sandbox, Limits()).tree
    rows = [
        f"| {example.edit.operator} | {example.edit.form} | {example.told} | {_written(tree, example.edit)} |"
        for example in _examples(tree)
    ]
    head = "| operator | form | what it does | the host's lines become |\n| --- | --- | --- | --- |"
    return "\n".join([head, *rows])


def _examples(tree: Tree) -> Iterator[Example]:
    def at(path: str, operator: Operator, **fields: object) -> Edit:
        return Edit(operator, tree.at(path).nid, path, **fields)  # type: ignore[arg-type]  # in words

    stem, same = _graft(1, 8), _graft(8, 8)
    larger = (("kernel_size", "5"), ("padding", "2"))
    yield Example(at("conv1", "swap", graft=stem), "a library module takes the node's place")
    yield Example(at("conv1", "insert", graft=same, form="after"), "a zero-gated residual branch behind it")
    yield Example(at("conv1", "insert", graft=_graft(1, 1), form="before"), "the same in front of it")
    yield Example(at("bn1", "delete"), "an identity stays; of what was inserted, the host")
    yield Example(at("conv1", "change_argument", changes=larger), "constructor arguments are set")
    yield Example(at("bn1", "duplicate"), "a second node like it behind it")
    yield Example(at("bn1", "wrap", form="residual"), "a skip connection around it")
    yield Example(at("conv1", "wrap", form="parallel", graft=stem), "a second path beside it, added")
    yield Example(at("bn1", "wrap", form="gate", graft=same), "its output is scaled by a small module")
    yield Example(
        at("bn1", "wrap", form="concatenate", graft=same, projection=projection(16, 8, "map")),
        "a second path beside it, concatenated and projected",
    )
    yield Example(at("conv1", "split", form="average"), "the mean of two copies does its work")
    yield Example(at("conv1", "split", form="channels"), "two layers give half of the channels each")
    given = donor(tree, tree.at("layer1.0").nid)
    yield Example(at("bn1", "crossover", donor=given), "a subtree of another tree takes its place")
    join = next(edit for edit in join_edits(tree) if edit.join and edit.join.operator == "maximum" and edit.others)
    yield Example(join, "how two tensors of a forward become one")
    skip = next(edit for edit in skip_edits(tree) if edit.others)
    yield Example(skip, "a new skip connection in a forward")
    both = combine([at("conv1", "change_argument", changes=larger), at("bn1", "wrap", form="residual")])
    yield Example(both, "several edits at once, such as one block more in each stage")


def _graft(taken: int, given: int) -> Graft:
    return Graft(_SPEC.id, (("in_chs", str(taken)), ("out_chs", str(given))))


def _written(tree: Tree, edit: Edit) -> str:
    """The changed lines of the host's own classes and of its builder, each statement on one line."""
    emitted = next(emissions(tree, edit, lambda _: _SPEC))
    before = ClassSources(tree.source)
    after = ClassSources(emitted.source)
    old, new = (_own_lines(each, before) for each in (before, after))
    changed = [line[2:].strip() for line in difflib.ndiff(old, new) if line.startswith("+ ")]
    return "<br>".join(f"`{line}`" for line in changed)


def _own_lines(sources: ClassSources, host: ClassSources) -> list[str]:
    """The statements of the classes that the host has, and of the builder."""
    text = sources.text
    own = [
        item
        for item in sources.module.body
        if isinstance(item, ast.ClassDef | ast.FunctionDef) and (item.name in host or item.name == BUILDER)
    ]
    spans = [text.lines_span(item.lineno, item.end_lineno or item.lineno) for item in own]
    joined = re.sub(r"(?<=[(\[])\s*\n\s*|,?\s*\n\s*(?=[)\]])", "", "".join(text.text(*span) for span in spans))
    return re.sub(r"(?<=,)\n\s*", " ", joined).split("\n")
