"""What `archgraft tree` shows: a model's modules, shapes, costs, and the code that made each."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from archgraft.agent.model_trouble import advice
from archgraft.agent.rootstock import Rootstock, SelfContained, absent, plant, self_contained
from archgraft.agent.round_trip import Check
from archgraft.agent.tree_text import shapes, walk
from archgraft.sandbox.protocol import Job, Limits, Message, Sandbox
from archgraft.tree_ops.builder import CONSTRUCT
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.model_reference import ModelReference
from archgraft.tree_ops.repeats import TiedNode, repeats, tied
from archgraft.tree_ops.sites import closed_because
from archgraft.tree_ops.tree import Node, Tree

BATCH = 5  # unlike any usual number of channels, so that axes can be told apart


def traced_model(
    text: str, shape: tuple[int, ...] | None, sources: list[str], cache: Path, sandbox: Sandbox, limits: Limits
) -> Rootstock:
    """The model that `text` names, traced on noise of one sample's `shape`, or on one that it is found to take."""
    return model_and_noise(text, shape, sources, cache, sandbox, limits)[0]


def model_and_noise(
    text: str, shape: tuple[int, ...] | None, sources: list[str], cache: Path, sandbox: Sandbox, limits: Limits
) -> tuple[Rootstock, np.ndarray]:
    """The traced model, and the batch that it was traced on."""
    model = self_contained(ModelReference.parse(text), sources, cache)
    noise = traced_inputs(text, model, shape, sandbox, limits)
    return plant(text, model, sandbox, noise, limits), noise


def traced_inputs(
    text: str, model: SelfContained, shape: tuple[int, ...] | None, sandbox: Sandbox, limits: Limits
) -> np.ndarray:
    """A batch of noise of one sample's `shape`, or of what the model is found to take. Raises `SourceError`."""
    n_tokens = None
    if shape is None:
        shape, n_tokens = _guessed(text, model, sandbox, limits)
    generator = np.random.default_rng(0)
    size = (BATCH, *shape)
    return generator.integers(0, n_tokens, size) if n_tokens else generator.standard_normal(size, dtype=np.float32)


def _guessed(text: str, model: SelfContained, sandbox: Sandbox, limits: Limits) -> tuple[tuple[int, ...], int | None]:
    message = Message({"source": model.source, "construct": CONSTRUCT, "seed": 0})
    outcome = sandbox.run(Job("archgraft.evaluator.guess:run", message, label="guess an input"), limits)
    if outcome.message is None:
        known = advice(outcome.reason)
        todo = known or "if only the input is wrong, state the shape of one sample, for example --input 3x32x32"
        raise SourceError(f"{text} can't be built and run: {outcome.reason}{absent(model)}; {todo}")
    header: dict[str, Any] = dict(outcome.message.header)
    return tuple(header["shape"]), header["n_tokens"]


def parsed_shape(text: str) -> tuple[int, ...]:
    """`3x32x32` as a shape. Raises `SourceError`."""
    parts = text.lower().split("x")
    if not all(part.isdigit() and int(part) > 0 for part in parts):
        raise SourceError(f"--input {text!r} is no shape of one sample: write it like 3x32x32, without a batch axis")
    return tuple(int(part) for part in parts)


Row = tuple[str, str, str, str, str, str, str]


def rows(tree: Tree, *, collapse: bool = False) -> list[Row]:
    """One row a node: slot (indented), class, shapes, parameters, FLOPs of a sample, code site, open or why closed.

    With `collapse`, blocks that are built alike share the rows of the first one.
    """
    shown = tied(tree) if collapse else (TiedNode(node, (node.nid,), ()) for node in walk(tree))
    return [_row(tree, one) for one in shown if not one.node.opaque or one.node.nid == tree.root]


def _row(tree: Tree, one: TiedNode) -> Row:
    node = one.node
    slots = [tree.nodes[nid].path.rpartition(".")[2] or "model" for nid in one.copies]
    times = f" x {len(slots)}" if len(slots) > 1 else ""
    varying = f", by {', '.join(one.varying)}" if one.varying else ""
    return (
        "  " * tree.depth_of(node.nid) + (f"{slots[0]}..{slots[-1]}" if times else slots[0]),
        f"{node.class_name}{times}{varying}",
        shapes(node),
        f"{node.n_parameters:,}",
        f"{node.flops // tree.batch:,}",
        _site(node),
        "" if node.nid == tree.root else closed_because(tree, node),
    )


def notes(rootstock: Rootstock) -> list[str]:
    """What the table doesn't say: the model as a whole, and modules that depend on their data."""
    tree = rootstock.tree
    told = [f"{tree.n_parameters:,} parameters, {tree.flops:,} FLOPs a sample, output {rootstock.output_shape}"]
    branching = [node.path or "the model" for node in walk(tree) if node.branches_on_data]
    if branching:
        told.append(f"forward branches on the values of its input in: {', '.join(branching)}")
    return told


def as_json(rootstock: Rootstock, checks: Sequence[Check] = ()) -> str:
    """The whole tree, source included, and what was checked."""
    tree = rootstock.tree
    return json.dumps(
        {
            "model": rootstock.reference,
            "output_shape": rootstock.output_shape,
            "n_parameters": tree.n_parameters,
            "flops": tree.flops,
            "nodes": [asdict(node) for node in walk(tree)],
            "repeats": [asdict(repeat) for repeat in repeats(tree)],
            "checks": [asdict(check) for check in checks],
            "source": tree.source,
        },
        indent=2,
    )


def told(check: Check) -> str:
    """One line: what was compared, and what came of it."""
    reason = f": {check.reason}" if check.reason else ""
    return f"{check.what}: {check.kind.replace('_', ' ')}{reason}"


def _site(node: Node) -> str:
    if node.site is None:
        return ""
    shared = f" (makes {node.site.n_instances})" if node.site.n_instances > 1 else ""
    return f"{node.site.function}:{node.site.line}{shared}"
