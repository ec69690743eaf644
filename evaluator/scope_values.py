"""What the names around a call were worth each time it made a module. Child program (law 1).

Request header: `source`, `construct`, `seed`, and `spans` of calls (line, column, end line, end column). Answer header:
`scopes`, by the path of each module that one of these calls made, a list of (expression, Python literal): plain local
names, then plain attributes of locals such as `config.width`, in the order in which the code came to know them.
"""

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

from torch import Tensor, nn

from archgraft.evaluator.construction import is_literal, plain
from archgraft.evaluator.loading import build, load_module
from archgraft.evaluator.spans import position
from archgraft.sandbox.protocol import Channel, Message

MODULE_NAME = "archgraft_candidate"
MAX_NAMES = 200
MAX_TEXT = 200
_INNER = ("<listcomp>", "<genexpr>", "<setcomp>", "<dictcomp>", "<lambda>")


def run(channel: Channel) -> Message:
    """Entry point."""
    header: Any = channel.request.header
    module = load_module(str(header["source"]), MODULE_NAME)
    spans = {tuple(span) for span in header["spans"]}
    scopes: dict[int, list[list[str]]] = {}
    keep: list[nn.Module] = []  # an id is only good while its object lives

    def hook(cls: type[nn.Module], *_args: Any, **_kwargs: Any) -> nn.Module:
        instance = object.__new__(cls)
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_name == "__new__":
            frame = frame.f_back
        is_own = frame is not None and frame.f_code.co_filename == f"<{MODULE_NAME}>"
        if is_own and frame is not None and position(frame.f_code, frame.f_lasti) in spans:
            keep.append(instance)
            scopes[id(instance)] = [list(pair) for pair in _known(frame)]
        return instance

    nn.Module.__new__ = staticmethod(hook)  # type: ignore[assignment]  # as in `construction`
    model = build(module, str(header["construct"]), int(header["seed"]))
    named = {path: scopes[id(child)] for path, child in model.named_modules() if id(child) in scopes}
    return Message({"scopes": named})


def _known(frame: FrameType) -> Iterator[tuple[str, str]]:
    """Plain values by the expression that means them at the call, at most `MAX_NAMES`."""
    names: dict[str, Any] = dict(frame.f_locals)
    outer = frame
    while outer.f_code.co_name in _INNER and outer.f_back is not None:
        outer = outer.f_back
        names |= {name: value for name, value in outer.f_locals.items() if name not in names}
    found: list[tuple[str, str]] = []
    for name, value in names.items():
        if name.isidentifier() and _is_plain(value):
            found.append((name, repr(plain(value))))
    for name, value in names.items():
        if name.isidentifier():
            found += [(f"{name}.{key}", repr(plain(item))) for key, item in _attributes(value) if _is_plain(item)]
    yield from found[:MAX_NAMES]


def _attributes(value: Any) -> list[tuple[str, Any]]:
    """The plain attributes of a module under construction, or of a configuration."""
    if isinstance(value, type | Tensor) or not hasattr(value, "__dict__"):
        return []
    return [(key, item) for key, item in vars(value).items() if key.isidentifier() and not key.startswith("_")]


def _is_plain(value: Any) -> bool:
    return is_literal(value) and len(repr(value)) <= MAX_TEXT
