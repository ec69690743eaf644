"""What a user writes for a model: `FILE:CLASS`, `FILE:factory(depth=20)`, `package.module:CLASS(Block, layers=[2, 2])`.

Arguments are literals, names that the model's module knows, or calls of these: `attn_layers=Decoder(dim=64, depth=2)`.
They are only ever evaluated in the sandbox.
"""

import ast
import builtins
from dataclasses import dataclass
from pathlib import Path

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.syntax import parse_expression

_FORMS = "write FILE:CLASS, 'FILE:CLASS(argument=value)', 'FILE:factory()' or 'package.module:CLASS()'"


@dataclass(frozen=True, slots=True)
class ModelReference:
    """A parsed reference. `place` is a file's path, or a dotted module; `arguments` is the text inside the brackets."""

    text: str
    place: str
    is_file: bool
    name: str
    arguments: str
    names_used: tuple[str, ...]
    """First parts of the names in the arguments (`nn` of `nn.GELU`), which the model's module must define."""

    @classmethod
    def parse(cls, text: str) -> "ModelReference":
        """Read a reference. Raises `SourceError` that says what is wrong with it."""
        head, bracket, rest = text.partition("(")
        place, colon, name = head.rpartition(":")
        if not colon or not place or not name.strip().isidentifier():
            raise SourceError(f"{text!r} is no model: {_FORMS}")
        if bracket and not rest.rstrip().endswith(")"):
            raise SourceError(f"{text!r}: the bracket after {name} is not closed")
        arguments = rest.rstrip()[:-1].strip() if bracket else ""
        is_file = place.endswith(".py") or "/" in place or Path(place).exists()
        if is_file and not Path(place).is_file():
            raise SourceError(f"{place} is a folder: {_FORMS}" if Path(place).is_dir() else f"no such file: {place}")
        if not is_file and not all(part.isidentifier() for part in place.split(".")):
            raise SourceError(f"{place!r} is neither a file nor a module's name: {_FORMS}")
        return cls(text, place, is_file, name.strip(), arguments, _names(arguments, text))


def _names(arguments: str, text: str) -> tuple[str, ...]:
    try:
        call = parse_expression(f"f({arguments})")
    except SyntaxError as error:
        raise SourceError(f"{text!r}: the arguments are not Python: {error.msg}") from None
    names: list[str] = []
    for node in ast.walk(call):
        if isinstance(node, ast.Lambda | ast.comprehension | ast.NamedExpr):
            raise SourceError(f"{text!r}: arguments may be literals, names and calls of names, nothing else")
        if isinstance(node, ast.Name) and node.id != "f" and not hasattr(builtins, node.id) and node.id not in names:
            names.append(node.id)
    return tuple(names)
