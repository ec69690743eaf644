"""The state that all code of a process shares, and what has changed in it. Child side.

Random state is left out: drawing numbers is what initialisation and dropout are for. `archgraft.evaluator.calls` sees
who reseeds it, and who sets warning filters, as torch does too while its parts load.
"""

import gc
import logging
import os
import signal
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.modules import module as module_state

State = Mapping[str, Mapping[str, Any]]
"""What is shared, by what a change of it is called, then by name."""

PATCHES = "patches"

_HOOKS = (
    "_global_forward_hooks",
    "_global_forward_pre_hooks",
    "_global_backward_hooks",
    "_global_backward_pre_hooks",
    "_global_buffer_registration_hooks",
    "_global_module_registration_hooks",
    "_global_parameter_registration_hooks",
)
_PATCHABLE = (torch, nn, nn.functional, nn.init, torch.autograd, torch.linalg, torch.fft, torch.utils.checkpoint, np)
_IGNORED = frozenset(
    {"__warningregistry__", "__annotations__", "__doc__", "__abstractmethods__", "_abc_impl", "Storage"}
)


def take() -> State:
    """The state as it is now."""
    return {
        "changes torch's settings": _torch_settings(),
        "registers global hooks": {name: len(getattr(module_state, name)) for name in _HOOKS},
        "changes logging": _logging(),
        "changes numpy's settings": {"errors": tuple(np.geterr().items()), "print": repr(np.get_printoptions())},
        "changes the interpreter's settings": _interpreter(),
        PATCHES: dict(_patchable()),
    }


def changes(before: State, after: State) -> list[str]:
    """What has changed, each with the names of what did; what torch replaces in itself as it loads is no change."""
    found = []
    for what, values in after.items():
        if what == PATCHES:
            names = [name for name in {*values, *before[what]} if _is_patched(name, before[what], values)]
        else:
            names = [name for name, value in values.items() if value != before[what].get(name)]
        if names:
            found.append(f"{what} ({', '.join(sorted(names)[:3])})")
    return found


def _is_patched(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    old, new = before.get(name), after.get(name)
    own_name, home = getattr(new, "__name__", ""), str(getattr(new, "__module__", ""))
    is_own = own_name == name.rpartition(".")[2] and home.partition(".")[0] in ("torch", "numpy")
    is_compilers = home.startswith("torch._dynamo") or "___" in name
    return old is not new and not is_own and not is_compilers


def _torch_settings() -> dict[str, Any]:
    return {
        "default dtype": torch.get_default_dtype(),
        "default device": str(torch.get_default_device()),
        "threads": torch.get_num_threads(),
        "gradients": torch.is_grad_enabled(),
        "inference mode": torch.is_inference_mode_enabled(),
        "anomaly mode": torch.is_anomaly_enabled(),
        "deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
        "float32 matmul precision": torch.get_float32_matmul_precision(),
        "cudnn.benchmark": torch.backends.cudnn.benchmark,
        "cudnn.deterministic": torch.backends.cudnn.deterministic,
        "cudnn.allow_tf32": torch.backends.cudnn.allow_tf32,
        "cuda.matmul.allow_tf32": torch.backends.cuda.matmul.allow_tf32,
        "flash attention": torch._C._get_flash_sdp_enabled(),
        "print options": repr(torch._tensor_str.PRINT_OPTS),
        "function modes": torch._C._len_torch_function_stack(),
        "dispatch modes": torch._C._len_torch_dispatch_stack(),
    }


def _logging() -> dict[str, Any]:
    root = logging.getLogger()
    return {"level": root.level, "handlers": tuple(map(id, root.handlers)), "disabled below": root.manager.disable}


def _interpreter() -> dict[str, Any]:
    return {
        "sys.path": tuple(sys.path),
        "recursion limit": sys.getrecursionlimit(),
        "garbage collection": gc.isenabled(),
        "exception hook": id(sys.excepthook),
        "working directory": os.getcwd(),  # noqa: PTH109 - compared as text
        "signal handlers": tuple(str(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)),
    }


def _patchable() -> Iterator[tuple[str, Any]]:
    """Every function and class that code might replace in torch and numpy."""
    for module in _PATCHABLE:
        for name, value in vars(module).items():
            if name not in _IGNORED and callable(value):
                yield f"{module.__name__}.{name}", value
    for owner in (torch.Tensor, nn.Parameter, *_classes_of(nn)):
        for name, value in vars(owner).items():
            if name not in _IGNORED:
                yield f"{owner.__module__}.{owner.__qualname__}.{name}", value


def _classes_of(module: types.ModuleType) -> list[type]:
    return [value for value in vars(module).values() if isinstance(value, type)]
