"""Turns emitted source into a live module. Runs in the sandbox child only (law 1)."""

import ast
import linecache
import marshal
import sys
from types import ModuleType
from typing import Any

import torch
from torch import nn

from archgraft.tree_ops.builder import CANDIDATE

MINED = "archgraft_mined"
"""The module name that mined source runs under: by it, frames and objects of mined code are told from ours."""


def load_module(source: str, name: str = CANDIDATE, code: bytes | None = None) -> ModuleType:
    """Execute `source` as the module `name`; tracebacks show its lines. Raises whatever the source raises.

    `code` is what `archgraft.tree_ops.bytecode` made of the source, where the parent has compiled it already.
    """
    filename = f"<{name}>"
    module = ModuleType(name)
    module.__file__ = filename
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    # Dataclasses and pickling helpers look a class's module up by name while the body still runs.
    sys.modules[name] = module
    for part in [compile(source, filename, "exec")] if code is None else marshal.loads(code):
        exec(part, module.__dict__)  # noqa: S102 - this is the sandbox child
    return module


def evaluate(text: str, names: dict[str, Any]) -> Any:
    """The value of an expression over some names. Raises whatever it raises."""
    return eval(text, names)  # noqa: S307 - this is the sandbox child


def execute(statements: list[ast.stmt], names: dict[str, Any]) -> None:
    """Execute parsed statements over some names, which they may add to. Raises whatever they raise."""
    exec(compile(ast.Module(statements, []), "<archgraft>", "exec"), names)  # noqa: S102 - this is the sandbox child


def build(module: ModuleType, construct: str, seed: int) -> nn.Module:
    """Evaluate the expression that builds the model, from one seed. Raises `TypeError` when it is no `nn.Module`."""
    torch.manual_seed(seed)
    model = eval(construct, module.__dict__)  # noqa: S307 - this is the sandbox child
    if not isinstance(model, nn.Module):
        raise TypeError(f"{construct} gives a {type(model).__name__}, not a torch.nn.Module")
    return model
