"""A module that is used as a value, as code: an object with the module's definitions as attributes.

`getattr(blocks, name)` needs the module itself, and emitted source is one file. So a small module is written that
gathers what the original defines, and it is closed like any other.
"""

from collections.abc import Sequence
from pathlib import Path

from archgraft.tree_ops.module_reader import parse_module
from archgraft.tree_ops.modules import ModuleSource

MAX_NAMES = 60
"""Modules with more names than this, tables of a whole package mostly, are not gathered."""

_PACKAGE = "archgraft_namespaces"


def namespace_name(module: str) -> str:
    """What the index calls the module that gathers another."""
    return f"{_PACKAGE}.{module}"


def write_namespace(module: str, names: Sequence[str]) -> ModuleSource:
    """The gathering module; the object in it is called as the last part of the module's name."""
    variable = module.rpartition(".")[2]
    listed = ", ".join(f"{name}={name}_" for name in names)
    imported = "".join(f"from {module} import {name} as {name}_\n" for name in names)
    text = f"from types import SimpleNamespace\n{imported}{variable} = SimpleNamespace({listed})\n"
    return parse_module(text, namespace_name(module), Path(f"{variable}.py"))
