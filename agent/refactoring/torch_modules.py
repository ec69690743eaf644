"""What can be told of torch's own modules from their files: they are read, and not imported."""

import importlib.util
import re
from pathlib import Path

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.index import Definition, SourceIndex
from archgraft.tree_ops.near_names import near_names
from archgraft.tree_ops.spec import Parameter
from archgraft.tree_ops.spec_builder import constructor_parameters


def _torch_modules() -> Path | None:
    """The folder of torch's own modules, which is read and not imported."""
    found = importlib.util.find_spec("torch")
    return None if found is None or found.origin is None else Path(found.origin).parent / "nn" / "modules"


def check_torch(name: str) -> None:
    """Raises `SourceError` that names what is near when torch has no such module."""
    folder = _torch_modules()
    listed = (folder / "__init__.py").read_text(encoding="utf-8") if folder is not None else ""
    known = set(re.findall(r'^    "(\w+)",$', listed, re.MULTILINE))
    if known and name not in known:
        near = near_names(name, known)
        raise SourceError(f"torch.nn has no {name}{f': did you mean {near[0]}?' if near else ''}")


def torch_parameters(name: str) -> tuple[Parameter, ...] | None:
    """The constructor parameters of a class of `torch.nn`, read and not imported; None when they can't be told."""
    folder = _torch_modules()
    if folder is None:
        return None
    wanted = f"\nclass {name}("
    for path in sorted(folder.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        if wanted in text:
            index = SourceIndex.of_texts({path.stem: text})
            return constructor_parameters(index, Definition(path.stem, name)) or None
    return None
