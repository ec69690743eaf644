"""Layouts of the main input of a forward pass, told by the first layers of a module."""

from dataclasses import dataclass
from itertools import islice

from torch import nn

from archgraft.evaluator.inputs import InputSpec, tensor

BATCH = 2
LENGTH = 16
SIDE = 8


@dataclass(frozen=True, slots=True)
class Layer:
    """The first layers of a module tell what it reads."""

    layout: str
    width: int


def main_spec(layer: Layer) -> InputSpec:
    """One batch in a layout."""
    width = layer.width
    match layer.layout:
        case "tokens":
            return tensor(BATCH, LENGTH, dtype="int64", high=min(width, 100))
        case "map":
            return tensor(BATCH, width, SIDE, SIDE)
        case "image":
            return tensor(BATCH, 3, width, width)
        case "signal":
            return tensor(BATCH, width, LENGTH)
        case "large_map":
            return tensor(BATCH, width, 28, 28)
        case "film":
            return tensor(BATCH, 3, 4, width, width)
        case "video":
            return tensor(BATCH, width, 4, SIDE, SIDE)
        case "map_last":
            return tensor(BATCH, SIDE, SIDE, width)
        case "vector":
            return tensor(BATCH, width)
        case "wave":
            return tensor(BATCH, width)
        case "times":
            return tensor(BATCH, dtype="uniform")
        case "flat":
            return tensor(LENGTH, width)
        case "heads":
            return tensor(BATCH, 4, LENGTH, width)
        case _:
            return tensor(BATCH, LENGTH, width)


def first_layouts(module: nn.Module, width: int) -> list[Layer]:
    """Layouts that the module's first layers ask for, then those that modules usually take."""
    found: dict[Layer, None] = {}
    for layer in islice(module.modules(), 400):
        match layer:
            case nn.Embedding():
                found.setdefault(Layer("tokens", layer.num_embeddings))
            case nn.Conv2d() | nn.ConvTranspose2d():
                found.setdefault(Layer("map", layer.in_channels))
            case nn.BatchNorm2d() | nn.InstanceNorm2d():
                found.setdefault(Layer("map", layer.num_features))
            case nn.Conv1d() | nn.ConvTranspose1d():
                found.setdefault(Layer("signal", layer.in_channels))
            case nn.BatchNorm1d():
                found.setdefault(Layer("vector", layer.num_features))
            case nn.Conv3d() | nn.ConvTranspose3d():
                found.setdefault(Layer("video", layer.in_channels))
            case nn.BatchNorm3d():
                found.setdefault(Layer("video", layer.num_features))
            case nn.Linear():
                found.setdefault(Layer("sequence", layer.in_features))
            case nn.LayerNorm() if len(layer.normalized_shape) == 1:
                found.setdefault(Layer("sequence", layer.normalized_shape[0]))
            case nn.RNNBase():
                found.setdefault(Layer("sequence", layer.input_size))
            case nn.MultiheadAttention():
                found.setdefault(Layer("sequence", layer.embed_dim))
            case nn.GroupNorm():
                found.setdefault(Layer("map", layer.num_channels))
    firsts = list(found)[:4]
    large = [Layer("large_map", one.width) for one in firsts if one.layout == "map"][:1]
    own = [p.shape[-1] for p in module.parameters(recurse=False) if p.ndim and p.shape[-1] > 1]
    usual = [Layer(layout, width) for layout in ("sequence", "map", "vector", "signal", "map_last")]
    more = [Layer("sequence", size) for size in own[:2]] + [Layer("map", 3), Layer("tokens", 100), Layer("heads", 8)]
    return list(
        dict.fromkeys([*firsts, *large, *usual, *more, Layer("video", 3), Layer("flat", width), Layer("wave", 3200)])
    )
