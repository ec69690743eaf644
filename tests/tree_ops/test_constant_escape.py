"""What gets lost from sight is no constant: it may be called with anything, and set from anywhere."""

import pytest

from tests.tree_ops.extraction import folded


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
