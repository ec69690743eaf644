"""What extraction leaves out because it can never run: each test is a small module and the source that comes out."""

from typing import Any

import pytest

from tests.tree_ops.extraction import assert_folds, folded


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
