"""Specs of modules that are written by hand."""

import hashlib

from archgraft.tree_ops.spec import ModuleSpec, Origin, Parameter

HEADER = "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n\n"


def spec_of(body: str, *parameters: str, class_name: str = "") -> ModuleSpec:
    """A spec by hand, of the first class unless another is named.

    A parameter is written as in a signature: `name`, `name: annotation`, `name=default`.
    """
    class_name = class_name or body.split("class ", 1)[1].split("(", 1)[0]
    return ModuleSpec(
        id=hashlib.sha256(body.encode()).hexdigest()[:16],
        class_name=class_name,
        source=HEADER + body,
        parameters=tuple(_parameter(text) for text in parameters),
        requires=("torch",),
        origin=Origin("handmade", "1.0", "handmade.py", 1, f"handmade.{class_name}", "MIT"),
        n_lines=body.count("\n"),
    )


def _parameter(text: str) -> Parameter:
    declaration, _, default = text.partition("=")
    name, _, annotation = declaration.partition(":")
    return Parameter(name.strip(), "positional", annotation.strip() or None, default.strip() or None)
