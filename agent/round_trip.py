"""Whether nothing is lost on the way from a model's own code to a tree and back to code.

The model is printed as an offspring would be, but without an edit. The print must rebuild to the same tree, and do what
the extracted source does; and that must do what the original does, where it can be imported in the sandbox.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from archgraft.agent.rootstock import Rootstock
from archgraft.evaluator.verify import trace
from archgraft.sandbox.protocol import Job, Limits, Message, Sandbox
from archgraft.tree_ops.draft import Draft
from archgraft.tree_ops.expectation import difference, unchanged
from archgraft.tree_ops.fetch import resolve
from archgraft.tree_ops.model_reference import ModelReference
from archgraft.tree_ops.source_files import script_folders
from archgraft.tree_ops.spec import ModuleSpec
from archgraft.tree_ops.tree import Tree

ENTRY = "archgraft.evaluator.round_trip:run"
LIMITS = Limits(wall_seconds=180, cpu_seconds=180)
"""The original's package may be slow to import."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was compared. `kind` is `equal`, `differs` or `not_comparable`."""

    what: str
    kind: str
    reason: str = ""


def check(
    rootstock: Rootstock, inputs: np.ndarray, sandbox: Sandbox, sources: Sequence[str], cache: Path
) -> tuple[Check, ...]:
    """The reprint's tree, the reprint's behaviour, and the original's. Raises `SandboxError` and `SourceError`."""
    tree = rootstock.tree
    no_library: dict[str, ModuleSpec] = {}
    reprint = Draft(tree, no_library.__getitem__).finish().source
    where, folders = original_of(ModelReference.parse(rootstock.reference), sources, cache)
    header: dict[str, Any] = {
        "source": tree.source,
        "reprint": reprint,
        "construct": tree.construct,
        "seed": 0,
        "original": where,
    }
    job = Job(ENTRY, Message(header, {"inputs": inputs}), folders, "round trip")
    outcome = sandbox.run(job, LIMITS)
    answers: dict[str, Any] = dict(outcome.message.header) if outcome.message else {}
    failed = {"kind": "not_comparable", "reason": f"the comparison ended early: {outcome.reason}"}
    return (
        _same_tree(tree, reprint, inputs, sandbox),
        Check("outputs, gradients and state of the reprint", **answers.get("reprint", failed)),
        Check("outputs, gradients and state of the original", **answers.get("original", failed)),
    )


def original_of(
    reference: ModelReference, sources: Sequence[str], cache: Path
) -> tuple[dict[str, str], tuple[Path, ...]]:
    """Where the child imports the model from, and what must lie on its path for that."""
    found = {"name": reference.name, "arguments": reference.arguments}
    roots = [resolve(source, cache) for source in sources]
    folders = tuple(root.folder.parent for root in roots if root.package)
    if not reference.is_file:
        return {"module": reference.place, **found}, folders
    path = Path(reference.place).resolve()
    top = path.parent
    while (top / "__init__.py").is_file():
        top = top.parent
    module = ".".join(path.relative_to(top).with_suffix("").parts)
    return {"module": module, **found}, (top, *script_folders(path), *folders)


def _same_tree(tree: Tree, reprint: str, inputs: np.ndarray, sandbox: Sandbox) -> Check:
    what = f"the reprint's tree of {len(tree.nodes)} modules and {tree.n_parameters:,} parameters"
    traced = trace(sandbox, reprint, tree.construct, inputs, 0, Limits())
    if traced.header is None:
        return Check(what, "differs", traced.outcome.reason)
    problem = difference(unchanged(tree), traced.header["nodes"])
    if problem is None and traced.header["n_parameters"] != tree.n_parameters:
        problem = f"it has {traced.header['n_parameters']:,} parameters"
    return Check(what, "differs" if problem else "equal", problem or "")
