"""The names that are written down against the installed torch."""

import inspect

import torch
from torch import nn

from archgraft.tree_ops.torch_names import LAYER_NAMES, MODULE_NAMES


def public(owner: type) -> set[str]:
    return {name for name in dir(owner) if not (name.startswith("__") and name.endswith("__"))}


def test_all_names_of_modules_are_known() -> None:
    assert public(nn.Module) <= MODULE_NAMES


def test_all_names_of_layers_are_known() -> None:
    layers = [found for _, found in inspect.getmembers(torch.nn, inspect.isclass) if issubclass(found, nn.Module)]
    assert len(layers) > 100
    for layer in layers:
        assert public(layer) <= LAYER_NAMES, layer
