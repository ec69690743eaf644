"""Model outputs, and decorators of a model's forward."""

import dataclasses
import functools
import inspect
from collections import OrderedDict

import torch


class ModelOutput(OrderedDict):
    """A dataclass that is a dictionary of those of its fields that are not None, and can be indexed like a tuple."""

    def __post_init__(self):
        names = [field.name for field in dataclasses.fields(self)]
        first, others = getattr(self, names[0]), names[1:]
        pairs = None
        if not isinstance(first, torch.Tensor) and all(getattr(self, name) is None for name in others):
            pairs = list(first.items()) if isinstance(first, dict) else first
        is_pairs = isinstance(pairs, (list, tuple)) and all(
            isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs
        )
        if pairs and is_pairs:
            super().__delitem__(names[0])
            object.__setattr__(self, names[0], None)
            for name, value in pairs:
                setattr(self, name, value)

    def __setattr__(self, name, value):
        if value is not None and name in {field.name for field in dataclasses.fields(self)}:
            super().__setitem__(name, value)
        super().__setattr__(name, value)

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        super().__setattr__(key, value)

    def __getitem__(self, key):
        return super().__getitem__(key) if isinstance(key, str) else self.to_tuple()[key]

    def to_tuple(self):
        """The values that are not None."""
        return tuple(self.values())


def can_return_tuple(func):
    """Let `return_dict=False`, as an argument or in the configuration, make a tuple of the output."""

    @functools.wraps(func)
    def wrapper(self, *args, **kwargs):
        wanted = kwargs.pop("return_dict", None)
        if wanted is None:
            wanted = getattr(getattr(self, "config", None), "return_dict", True)
        output = func(self, *args, **kwargs)
        return output if wanted or isinstance(output, tuple) else output.to_tuple()

    return wrapper


def merge_with_config_defaults(func):
    """Take `use_cache` and what selects vision features from the configuration where the caller leaves them out."""
    positions = list(inspect.signature(func).parameters)
    names = ("use_cache", "vision_feature_layer", "vision_feature_select_strategy", "vision_aspect_ratio")

    @functools.wraps(func)
    def wrapper(self, *args, **kwargs):
        args = list(args)
        for name in names:
            default = getattr(self.config, name, None)
            position = positions.index(name) - 1 if name in positions else len(args)
            if position < len(args):
                args[position] = default if args[position] is None else args[position]
            elif kwargs.get(name) is None and default is not None:
                kwargs[name] = default
        is_causal = kwargs.get("is_causal", getattr(self.config, "is_causal", None))
        if is_causal is None:
            return func(self, *args, **kwargs)
        had_one, before = hasattr(self.config, "is_causal"), getattr(self.config, "is_causal", None)
        self.config.is_causal = kwargs["is_causal"] = is_causal
        try:
            return func(self, *args, **kwargs)
        finally:
            if had_one:
                self.config.is_causal = before
            else:
                del self.config.is_causal

    return wrapper


def check_model_inputs(func):
    """The older name of `merge_with_config_defaults`."""
    return merge_with_config_defaults(func)


def maybe_replace_from_package(source_package, func_name):
    """The decorated function itself, whatever package has a faster one."""

    def keep(decorated):
        return decorated

    return keep
