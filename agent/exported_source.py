"""The text of an exported model: the candidate's own source between a header and two functions that load its weights.

The file needs torch and nothing else, so it brings its own reader of the safetensors format: eight bytes of length, a
JSON header, then raw little-endian data.
"""

import ast
import re
import textwrap
from collections.abc import Collection, Sequence

from archgraft.tree_ops.syntax import parse

_CREDIT = re.compile(r"^\s*# (Mined from .+)$", re.MULTILINE)

_LOADER = '''

def {load_model}(weights=None):
    """The trained model in eval mode. `weights` is a safetensors file; by default the one beside this file."""
    import pathlib

    path = pathlib.Path(__file__).with_name("{weights_name}") if weights is None else weights
    model = {build_model}()
    model.load_state_dict({read_safetensors}(path))
    return model.eval()


def {read_safetensors}(path):
    """The tensors of a safetensors file by name, read with torch alone."""
    import json
    import math
    import pathlib

    import torch

    dtypes = {{"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}}
    dtypes |= {{"I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8}}
    dtypes |= {{"U8": torch.uint8, "BOOL": torch.bool}}
    content = pathlib.Path(path).read_bytes()
    first = 8 + int.from_bytes(content[:8], "little")
    tensors = {{}}
    for name, entry in json.loads(content[8:first]).items():
        if name == "__metadata__":
            continue
        tensor = torch.empty(entry["shape"], dtype=dtypes[entry["dtype"]])
        if math.prod(entry["shape"]):
            start, end = entry["data_offsets"]
            data = bytearray(content[first + start : first + end])
            tensor = torch.frombuffer(data, dtype=tensor.dtype).reshape(entry["shape"])
        tensors[name] = tensor
    return tensors
'''


def mined_parts(source: str) -> list[str]:
    """The origin and licence of each mined part, from the credits that emission put above their classes."""
    return list(dict.fromkeys(_CREDIT.findall(source)))


def exported_source(source: str, construct: str, header: Sequence[str], module_name: str, weights_name: str) -> str:
    """The whole file. Names that the source uses already are left to it."""
    taken = _names(source) | _names(construct)
    names = {name: _free(name, taken) for name in ("load_model", "read_safetensors")}
    build_model, builder = "build_model", ""
    if construct != "build_model()":
        build_model = _free("build_model", taken)
        builder = f'\n\ndef {build_model}():\n    """The untrained model."""\n    return {construct}\n'
    usage = [
        "",
        "Use it, with torch alone:",
        f"    from {module_name} import {names['load_model']}",
        f"    model = {names['load_model']}()  # trained; {build_model}() gives it untrained",
    ]
    loader = _LOADER.format(build_model=build_model, weights_name=weights_name, **names)
    return f"{_comment([*header, *usage])}\n\n{source.strip()}\n{builder}{loader}"


def _comment(lines: Sequence[str]) -> str:
    wrapped = [part for line in lines for part in _wrapped(" ".join(line.splitlines()) if line.strip() else "")]
    return "\n".join(f"# {line}".rstrip() for line in wrapped)


def _wrapped(line: str) -> list[str]:
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(line, 116, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]


def _names(source: str) -> set[str]:
    tree = parse(source)
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return found | {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def _free(name: str, taken: Collection[str]) -> str:
    while name in taken:
        name = f"{name}_"
    return name
