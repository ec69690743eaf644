"""Makes a synthetic configuration pass for the class that an original insists on. Child side.

Some base classes refuse a configuration that is no instance of their own. Original and extracted class then both get a
synthetic one whose class also inherits from the one that the original names. What the synthetic one answers stays the
same; only what it doesn't know comes from the real class.
"""

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

from archgraft.evaluator.synthetic_config import SyntheticConfig


def with_own_configurations(module_class: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    """The class, but called with configurations that pass for those of the original."""

    @functools.wraps(module_class, updated=())
    def call(*positional: Any, **named: Any) -> Any:
        bound = inspect.signature(module_class).bind(*positional, **named)
        for name, value in bound.arguments.items():
            wanted = _class_wanted(original, name)
            if isinstance(value, SyntheticConfig) and wanted is not None:
                dress(value, wanted)
        return module_class(*bound.args, **bound.kwargs)

    return call


def dress(config: SyntheticConfig, wanted: type) -> None:
    """Let the configuration, and those in its fields, pass for instances of `wanted` and what that says they are."""
    config.__class__ = _both(wanted)
    parts = getattr(wanted, "sub_configs", {})
    for name, value in config.items():
        if isinstance(value, SyntheticConfig):
            dress(value, parts.get(name, wanted))


def _class_wanted(original: Callable[..., Any], name: str) -> type | None:
    """The class that the parameter is annotated with, or that the original keeps as its own."""
    annotation = inspect.signature(original).parameters[name].annotation
    if isinstance(annotation, str):
        home = sys.modules.get(original.__module__)
        annotation = getattr(home, annotation.strip("'\" "), None)
    found = annotation if isinstance(annotation, type) and annotation is not inspect.Parameter.empty else None
    return found or getattr(original, "config_class", None)


@functools.cache
def _both(wanted: type) -> type:
    class Dressed(SyntheticConfig, wanted):  # type: ignore[misc]
        def __getattribute__(self, name: str) -> Any:
            fields = object.__getattribute__(self, "__dict__")
            if not name.startswith("__") and name not in fields and not hasattr(SyntheticConfig, name):
                try:
                    return SyntheticConfig.__getattr__(self, name)
                except AttributeError:
                    pass
            return SyntheticConfig.__getattribute__(self, name)

        def __setattr__(self, name: str, value: Any) -> None:
            object.__getattribute__(self, "__dict__")[name] = value

    Dressed.__name__ = Dressed.__qualname__ = wanted.__name__
    return Dressed
