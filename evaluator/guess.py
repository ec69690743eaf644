"""Finds an input that a model takes, from what its first layers say, by trying. Child program (law 1).

Request header: `source`, `construct`, `seed`. Answer header: `shape` (one sample's) and `n_tokens` (the vocabulary of
an integer input, else None). Raises `InputUnknownError` when nothing tried went through.
"""

import inspect
from collections.abc import Iterator

import torch
from torch import nn

from archgraft.evaluator.loading import build, load_module
from archgraft.evaluator.one_tensor import require_one_input, require_one_output
from archgraft.sandbox.protocol import Channel, Message

Guess = tuple[tuple[int, ...], int | None]

_SIDES = (32, 224, 64, 28, 16, 8)
_LENGTHS = (16, 64, 128, 40, 8)
_BATCH = 2


class InputUnknownError(RuntimeError):
    """No shape that was tried went through the model."""


def run(channel: Channel) -> Message:
    """Entry point."""
    header = channel.request.header
    model = build(load_module(str(header["source"])), str(header["construct"]), int(str(header["seed"]))).eval()
    require_one_input(model)
    tried: dict[str, str] = {}
    for shape, n_tokens in guesses(model):
        error = refusal(model, shape, n_tokens)
        if error is None:
            return Message({"shape": list(shape), "n_tokens": n_tokens})
        tried["x".join(map(str, shape))] = error
    if not tried:
        raise InputUnknownError("the model has no layer that tells what it takes")
    first, error = next(iter(tried.items()))
    raise InputUnknownError(
        f"no input of these shapes went through the model: {', '.join(tried)}; with {first}: {error}"
    )


def guesses(model: nn.Module) -> Iterator[Guess]:
    """Shapes of one sample, likeliest first: those that the first layer with a known input asks for."""
    for module in model.modules():
        if isinstance(module, nn.Embedding):
            yield from (((length,), module.num_embeddings) for length in _LENGTHS)
        elif isinstance(module, nn.Conv2d):
            yield from (((module.in_channels, side, side), None) for side in (*stated_sizes(model), *_SIDES))
        elif isinstance(module, nn.Conv1d):
            yield from (((module.in_channels, length), None) for length in _LENGTHS)
        elif isinstance(module, nn.Linear):
            yield ((module.in_features,), None)
            yield from (((length, module.in_features), None) for length in _LENGTHS)
            for channels in (3, 1):  # patches flattened before the first layer
                yield from (((channels, side, side), None) for side in (*stated_sizes(model), *_SIDES))
        elif isinstance(module, nn.LSTM | nn.GRU | nn.RNN):
            yield from (((length, module.input_size), None) for length in _LENGTHS)
        else:
            continue
        return


def stated_sizes(model: nn.Module) -> list[int]:
    """Picture sizes that the model keeps as an attribute, or names as a default."""
    names = ("image_size", "img_size", "input_size", "resolution")
    values = [getattr(model, name, None) for name in names]
    parameters = inspect.signature(type(model).__init__).parameters
    values += [parameters[name].default for name in names if name in parameters]
    sizes = [value[0] if isinstance(value, tuple | list) and value else value for value in values]
    return [size for size in dict.fromkeys(sizes) if type(size) is int and 0 < size <= 512]


def refusal(model: nn.Module, shape: tuple[int, ...], n_tokens: int | None) -> str | None:
    """What the model says to a batch of that shape; None when it takes it. Raises `TypeError` for an odd output."""
    size = (_BATCH, *shape)
    batch = torch.zeros(size) if n_tokens is None else torch.zeros(size, dtype=torch.int64)
    try:
        with torch.no_grad():
            output = model(batch)
    except (RuntimeError, ValueError, TypeError, IndexError, AssertionError) as error:  # what a wrong shape raises
        return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    require_one_output(output)
    return None
