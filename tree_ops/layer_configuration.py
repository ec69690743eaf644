"""What a layer of torch is set to, in one spelling: `kernel_size=3` and `kernel_size=(3, 3)` are the same."""

import re
from functools import lru_cache
from typing import Any

from archgraft.tree_ops.syntax import literal
from archgraft.tree_ops.tree import Argument, Node

CONTAINERS = frozenset(
    f"torch.nn.{name}" for name in ("Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict")
)
_SHOWN_BY_TENSORS = frozenset({"bias", "device", "dtype"})
_SHOWN_BY_CHILDREN = frozenset({"encoder_layer", "decoder_layer", "norm", "custom_encoder", "custom_decoder", "*args"})
_PER_AXIS = frozenset({"kernel_size", "stride", "padding", "dilation", "output_padding", "output_size"})
_AXES = re.compile(r"(Conv|ConvTranspose|MaxPool|AvgPool|LPPool|AdaptiveMaxPool|AdaptiveAvgPool)([123])d$")


def layer_configuration(node: Node) -> tuple[tuple[str, str, str], ...]:
    """(name, kind, text) of all that tells a layer from others of its class, in order.

    What the instance keeps on itself comes before what it was given; an argument that only decides which tensors or
    children there are is shown by these.
    """
    return _configuration(node.definition, node.attributes, node.arguments)


@lru_cache(16384)
def _configuration(
    definition: str, attributes: tuple[tuple[str, str], ...], arguments: tuple[Argument, ...]
) -> tuple[tuple[str, str, str], ...]:
    if definition in CONTAINERS:
        return ()
    kept = dict(attributes)
    given = [
        (argument.name, argument.kind, argument.text)
        for argument in arguments
        if argument.name not in kept and argument.name not in _SHOWN_BY_TENSORS | _SHOWN_BY_CHILDREN
    ]
    found = [*((name, "literal", text) for name, text in kept.items()), *given]
    n_axes = int(match[2]) if (match := _AXES.search(definition)) else 0
    values = {name: literal(text) for name, kind, text in found if kind == "literal"}
    if "stride" in values and values["stride"] is None:
        values["stride"] = values.get("kernel_size")  # a pooling layer's default
    spelt = (
        (name, kind, repr(_spelt(name, values[name], n_axes)) if name in values else text) for name, kind, text in found
    )
    return tuple(sorted(spelt))


def _spelt(name: str, value: Any, n_axes: int) -> Any:
    """Per axis where it is meant per axis; whole numbers without a point; tuples for lists."""
    if n_axes and name in _PER_AXIS and isinstance(value, int):
        return (value,) * n_axes
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list | tuple):
        return tuple(_spelt("", item, 0) for item in value)
    return value
