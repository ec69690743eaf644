"""Decorators that exchange code for a downloaded kernel: the code stays as it is."""

import functools
import inspect


def use_kernel_forward_from_hub(layer_name, **options):
    def keep(decorated):
        return decorated

    return keep


def use_kernelized_func(*functions):
    def keep(decorated):
        return decorated

    return keep


def use_kernel_func_from_hub(func_name):
    def keep(decorated):
        return decorated

    return keep


def use_kernel_func_from_hub_with_fallback(func_name, package, internal_path=None):
    """The function itself, which is not given what it has no parameter for."""

    def decorate(function):
        known = inspect.signature(function).parameters

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **{name: value for name, value in kwargs.items() if name in known})

        return wrapper

    return decorate


def lazy_load_kernel(kernel_name, mapping=None):
    """No kernel."""
    return None


def is_kernel(attn_implementation):
    return False
