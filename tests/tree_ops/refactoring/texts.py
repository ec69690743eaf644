"""Before and after: what the tests of refactoring compare."""

from pathlib import Path
from textwrap import dedent

from archgraft.tree_ops.refactoring.apply import apply
from archgraft.tree_ops.refactoring.call_places import concrete_calls
from archgraft.tree_ops.refactoring.edits import FileEdit, ReplaceCall
from archgraft.tree_ops.refactoring.symbols import FileSymbols, Symbol
from archgraft.tree_ops.refactoring.user_file import UserFile

PLACE = Path("/repository/net.py")
SWISH = Symbol("torch.nn", "SiLU")


def number_of(before: str | bytes, call: str) -> int:
    """The number of the first call whose text begins so."""
    raw = before if isinstance(before, bytes) else before.encode()
    module = UserFile.of(PLACE, raw).module
    texts = [module.code_for_node(one).lstrip("( ") for one in concrete_calls(module)]
    return next(number for number, text in enumerate(texts) if text.startswith(call))


def replaced(before: bytes, call: str, new: str) -> bytes:
    """The file with one call replaced."""
    file = UserFile.of(PLACE, before)
    return apply(file, [ReplaceCall(number_of(before, call), new)], FileSymbols(PLACE, file.text))


def edited(before: str, *edits: FileEdit) -> str:
    """The file, given with any indentation, after some edits."""
    raw = dedent(before).lstrip("\n").encode()
    file = UserFile.of(PLACE, raw)
    return apply(file, edits, FileSymbols(PLACE, file.text)).decode()


def importing(before: str, *symbols: Symbol) -> str:
    """The file once its code uses these symbols."""
    file = UserFile.of(PLACE, dedent(before).lstrip("\n").encode())
    names = FileSymbols(PLACE, file.text)
    for symbol in symbols:
        names.spell(symbol)
    return apply(file, [], names).decode()


def after(text: str) -> str:
    """The expected text, given with any indentation."""
    return dedent(text).lstrip("\n")
