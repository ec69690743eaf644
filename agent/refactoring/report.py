"""What people and programs are told of a refactoring, beside the patch."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from archgraft.agent.refactoring.refactor import Refactored, Refused
from archgraft.tree_ops.refactoring.patch import n_changed_lines, patch_of
from archgraft.tree_ops.tree import Node

_N_KEYS = 12
_NUMBER = re.compile(r"(?<=\.)\d+(?=\.)")
_RUNGS = {
    "call": "the call that makes them was edited",
    "override": "they are set in the constructor of a class that holds them",
    "conditional": "the loop that makes them chooses",
    "subclass": "a class of its own holds them",
}


def report(result: Refactored | Refused) -> str:
    """Lines for people."""
    return "\n".join(_refactored(result) if isinstance(result, Refactored) else _refused(result))


def as_json(result: Refactored | Refused) -> str:
    """The same for programs, the patch included."""
    return json.dumps(_refactored_json(result) if isinstance(result, Refactored) else _refused_json(result), indent=2)


def keys_json(result: Refactored) -> str:
    """The mapping of state-dict keys, as it is saved: old key, new key, what became of it, shape."""
    return json.dumps({"likeness": result.effect.likeness, "keys": list(result.effect.keys)}, indent=2) + "\n"


def _refactored(result: Refactored) -> Iterator[str]:
    yield _matched(result.targets)
    yield f"written: {'; '.join(dict.fromkeys(_RUNGS[rung] for rung in result.rungs))}; {result.arguments}"
    names = ", ".join(str(change.name) for change in result.changes if change.before != change.after)
    yield f"changed: {n_changed_lines(result.changes)} lines in {names}"
    yield "verified: rebuilt, the tree is the one that was meant; forward and backward ran"
    yield from _keys(result.effect.keys)
    effect = result.effect
    meaning = {
        "exact": "exact: the same outputs",
        "near": "near: almost the same outputs",
        "changing": "changing: other outputs",
    }[effect.likeness]
    yield (
        f"effect: {meaning} with the same weights (largest difference {effect.error:.2g}, largest output "
        f"{effect.scale:.2g}; relative, also of what was exchanged: {effect.relative:.2g})"
    )
    yield from (f"note: {warning}" for warning in result.warnings)


def _refused(result: Refused) -> Iterator[str]:
    yield _matched(result.targets)
    yield "refused: nothing was written"
    yield from (f"  because {reason}" for reason in result.reasons)
    yield from (f"note: {warning}" for warning in result.warnings)


def _matched(targets: Sequence[Node]) -> str:
    named = ", ".join(f"{node.path} ({node.class_name})" for node in targets[:4])
    more = f" and {len(targets) - 4} more" if len(targets) > 4 else ""
    return f"matched: {named}{more}"


def _keys(keys: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """How many tensors were kept, and each that was not."""
    counts = Counter(str(entry["how"]) for entry in keys)
    order = ("kept", "moved", "new", "gone")
    yield "state dict: " + ", ".join(f"{counts[how]} {how}" for how in order if counts[how])
    lines = Counter(_key_line(entry) for entry in keys if entry["how"] != "kept")
    for line, count in list(lines.items())[:_N_KEYS]:
        yield f"  {line}" + (f", {count} times" if count > 1 else "")
    if len(lines) > _N_KEYS:
        yield f"  and {len(lines) - _N_KEYS} more"


def _key_line(entry: Mapping[str, Any]) -> str:
    """One tensor; those of repeated blocks give the same line."""
    old, new = (_NUMBER.sub("*", entry[side] or "") for side in ("old", "new"))
    shape = "x".join(map(str, entry["shape"])) or "scalar"
    return {"moved": f"{old} -> {new}", "new": f"+ {new}", "gone": f"- {old}"}[entry["how"]] + f" ({shape})"


def _refactored_json(result: Refactored) -> dict[str, Any]:
    return {
        "refactored": True,
        "matched": [node.path for node in result.targets],
        "written": list(result.rungs),
        "arguments": result.arguments,
        "files": [str(change.name) for change in result.changes if change.before != change.after],
        "n_changed_lines": n_changed_lines(result.changes),
        "n_rebuilt": result.n_rebuilt,
        "likeness": result.effect.likeness,
        "error": result.effect.error,
        "scale": result.effect.scale,
        "relative": result.effect.relative,
        "keys": list(result.effect.keys),
        "warnings": list(result.warnings),
        "patch": patch_of(result.changes).decode("utf-8", "surrogateescape"),
    }


def _refused_json(result: Refused) -> dict[str, Any]:
    return {
        "refactored": False,
        "matched": [node.path for node in result.targets],
        "reasons": list(result.reasons),
        "warnings": list(result.warnings),
    }
