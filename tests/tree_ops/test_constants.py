"""What extraction leaves out because it can never run: each test is a small module and the source that comes out."""

from typing import Any

import pytest

from tests.tree_ops.extraction import assert_folds, folded


def test_what_a_display_gives_a_call_cannot_come_from_an_unknown_dictionary_too() -> None:
    assert_folds(
        """
        def slow(x):
            return x

        def part(x, is_slow=False, **rest):
            if is_slow:
                x = slow(x)
            return x

        def Net(x, options):
            shared = dict(is_slow=False)
            return part(x, **options, **shared)
        """,
        """
        def part(x, is_slow=False, **rest):
            return x


        def Net(x, options):
            shared = dict(is_slow=False)
            return part(x, **options, **shared)
        """,
    )


@pytest.mark.parametrize("change", ['shared.pop("is_slow")', 'del shared["is_slow"]'])
def test_a_key_taken_out_of_a_display_may_come_from_elsewhere(change: str) -> None:
    found = folded(
        f"""
        def part(x, is_slow=False):
            return -x if is_slow else x

        def Net(x, options):
            shared = dict(is_slow=False)
            {change}
            return part(x, **options, **shared)
        """
    )
    assert "-x if is_slow else x" in found.source


def test_the_function_of_a_partial_is_known_and_its_keywords_may_change() -> None:
    assert_folds(
        """
        from functools import partial

        class Slow:
            pass

        def square(x, is_slow=False):
            return Slow() if is_slow else x * x

        def cube(x):
            return x * x * x

        def chosen(function):
            if isinstance(function, partial):
                function = function.func
            if function is cube:
                return Slow
            return function

        def Net(x):
            return chosen(partial(square, is_slow=True))(x, False)
        """,
        """
        from functools import partial


        def square(x, is_slow=False):
            return x * x


        def chosen(function):
            function = function.func
            return function


        def Net(x):
            return chosen(partial(square, is_slow=True))(x, False)
        """,
    )
    changed = folded(
        """
        from functools import partial

        def square(x, is_slow=False):
            return -x if is_slow else x * x

        def Net(x):
            found = partial(square, is_slow=False)
            found.keywords["is_slow"] = True
            return found(x)
        """
    )
    assert "-x if is_slow" in changed.source


def test_flags_of_modules_and_functions_that_return_them_decide_branches() -> None:
    assert_folds(
        """
        import os
        import torch

        _FUSED = int(os.environ.get("FUSED", 1)) > 0
        _EXPORT = False

        def is_exportable():
            return _EXPORT

        def set_exportable(value):
            global _EXPORT
            _EXPORT = value

        def slow(x):
            return x

        def Net(x):
            if torch.jit.is_scripting() or not _FUSED:
                return slow(x)
            if is_exportable():
                x = slow(x)
            return x + 1
        """,
        """
        def Net(x):
            return x + 1
        """,
    )


def test_a_flag_that_live_code_rebinds_is_no_constant() -> None:
    source = """
        _FLAG = False

        def switch():
            global _FLAG
            _FLAG = True

        def Net(x):
            switch()
            if _FLAG:
                x = x + 1
            return x
        """
    assert "if _FLAG:" in folded(source).source


def test_parameters_that_every_call_leaves_alone_are_constants_over_several_functions() -> None:
    assert_folds(
        """
        class Mixer:
            pass

        def create(kind):
            if kind is None:
                return None
            if isinstance(kind, str):
                return {"mixer": Mixer}[kind.lower()]()
            return kind()

        class Block:
            def __init__(self, width, kind=None, **kwargs):
                self.width = width
                self.mixer = create(kind)

            def __call__(self, x):
                if self.mixer is not None:
                    x = self.mixer(x)
                return x * self.width

        class Net:
            def __init__(self, width):
                self.block = Block(width)

            def __call__(self, x):
                return self.block(x)
        """,
        """
        def create(kind):
            return None


        class Block:
            def __init__(self, width, kind=None, **kwargs):
                self.width = width
                self.mixer = create(kind)

            def __call__(self, x):
                return x * self.width


        class Net:
            def __init__(self, width):
                self.block = Block(width)

            def __call__(self, x):
                return self.block(x)
        """,
    )


def test_a_registry_that_is_asked_for_known_keys_loses_the_others() -> None:
    found = folded(
        """
        import torch.nn as nn

        class Swish(nn.Module):
            pass

        class Mish(nn.Module):
            pass

        LAYERS = dict(swish=Swish, mish=Mish, relu=nn.ReLU)

        def create(name="relu"):
            if name in LAYERS:
                return LAYERS[name]()
            raise ValueError(name)

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.first = create()
                self.second = create("swish")
        """
    ).source
    assert "Mish" not in found
    assert "class Swish" in found
    assert "swish=Swish" in found


@pytest.mark.parametrize(
    "use",
    [
        "helpers = [helper]",
        "setattr(self, name, True)",
        "call = lambda: helper(x, **options)",
        "helper(x, *args)",
        "self.flag = name",
        "self.__dict__.update(options)",
        "vars(self)[name] = x",
        "object.__setattr__(self, name, x)",
        "exec(name)",
        "import functools\n    functools.reduce(helper, [x])",
        "copy = type(self)(x, True)",
    ],
)
def test_what_may_be_called_or_set_otherwise_is_no_constant(use: str) -> None:
    source = f"""
class Net:
    def __init__(self, x, flag=False):
        self.flag = False

    def forward(self, x, name, args, options):
        {use.replace(chr(10), chr(10) + "    ")}
        return self._inner(x, helper(x))

    def _inner(self, x, y):
        if self.flag:
            return x
        return y

def helper(x, flag=False):
    if flag:
        return x
    return x + 1
"""
    found = folded(source).source
    kept = found.count("if flag:") + found.count("if self.flag:")
    assert kept >= 1 or "type(self)" in use


def test_an_object_made_by_the_class_of_another_may_have_any_arguments() -> None:
    found = folded(
        """
        class Net:
            def __init__(self, width):
                self.part = Part(width)

            def forward(self, x):
                return self.part.copy()

        class Part:
            def __init__(self, width, deep=False):
                self.width = width * 2 if deep else width

            def copy(self):
                return self.__class__(self.width, True)
        """
    ).source
    assert "width * 2 if deep else width" in found


def test_default_values_of_the_root_are_alive() -> None:
    found = folded(
        """
        from torch import nn

        class Norm(nn.Module):
            def __init__(self, width, fast=False):
                self.fast = fast

            def forward(self, x):
                return x if self.fast else x + 1

        class Net(nn.Module):
            def __init__(self, norm=Norm):
                self.norm = norm(3)
        """
    ).source
    assert "return x if self.fast else x + 1" in found


def test_packages_that_are_not_there_decide_their_flags() -> None:
    found = folded(
        """
        try:
            from apex import fused
            HAS_APEX = True
        except ImportError:
            HAS_APEX = False

        def Net(x):
            if HAS_APEX:
                return fused(x)
            return x
        """
    ).source
    assert found == "def Net(x):\n    return x\n"


def test_fixed_parameters_leave_the_signature_and_become_values() -> None:
    found = folded(
        """
        class Gate:
            pass

        class Net:
            def __init__(
                    self,
                    width: int,
                    gate=None,
                    scale: float = 1.0,
                    kind: str = "plain",  # how
                    **kwargs,
            ):
                self.width = width
                self.scale = scale
                if gate is not None:
                    self.gate = Gate()
                elif kind == "plain":
                    self.gate = kind
        """,
        fixed=("gate", "kind"),
    )
    assert "Gate" not in found.source
    names: dict[str, Any] = {}
    exec(found.source, names)
    assert names["Net"](3, scale=2.0).gate == "plain"
    for extra in ({"gate": None}, {"kind": "plain"}, {"other": 1}):
        with pytest.raises(TypeError):
            names["Net"](3, **extra)


def test_either_side_of_a_conditional_expression_is_possible_where_both_values_are_passed() -> None:
    found = folded(
        """
        class Act:
            def __call__(self, x):
                return abs(x)

        class Part:
            def __init__(self, make=None):
                self.act = make() if make else None

            def __call__(self, x):
                if self.act is not None:
                    x = self.act(x)
                return x

        class Net:
            def __init__(self):
                self.parts = [Part(), Part(Act)]

            def __call__(self, x):
                return [part(x) for part in self.parts]
        """
    )
    namespace: dict[str, Any] = {}
    exec(found.source, namespace)  # our own test source
    assert namespace["Net"]()(-2) == [-2, 2]
