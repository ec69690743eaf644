"""Which members of classes extraction keeps: those whose names live code reads."""

from pathlib import Path

import pytest

from tests.tree_ops.extraction import assert_source, closure, members


def test_of_a_module_what_building_and_calling_it_needs_is_kept(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "a.py": """
                import math
                import os

                from torch import nn

                class Block(nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.reset()

                    def reset(self):
                        self.scale = math.pi

                    # How to save it.
                    @staticmethod
                    def save(path):
                        os.makedirs(path)

                    def forward(self, x):
                        return self._scaled(x)

                    def extra_repr(self):
                        return "for torch"

                    def _scaled(self, x):
                        return x * self.scale

                    def summary(self):
                        return helper(self)

                def helper(module):
                    return repr(module)
            """
        },
        "pkg.a.Block",
    )
    assert_source(
        found,
        """
        import math

        from torch import nn


        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.reset()

            def reset(self):
                self.scale = math.pi

            def forward(self, x):
                return self._scaled(x)

            def extra_repr(self):
                return "for torch"

            def _scaled(self, x):
                return x * self.scale
        """,
    )


def test_own_attributes_wake_members_of_relatives_alone(tmp_path: Path) -> None:
    text = """
        from torch import nn

        class Base(nn.Module):
            def forward(self, x):
                return self.mix(x)

        class Mixin:
            def mix(self, x):
                return x

            def unused(self):
                return 1

        class Stranger(nn.Module):
            def mix(self, y):
                return far(y)

        def far(y):
            return y

        class Net(Mixin, Base):
            def __init__(self):
                super().__init__()
                self.other = Stranger()
    """
    assert members(tmp_path, text) == {"__init__", "forward", "mix"}
    assert "far" not in members(tmp_path / "again", text)


def test_attributes_of_anything_else_wake_members_everywhere(tmp_path: Path) -> None:
    text = """
        from torch import nn

        class Part(nn.Module):
            def fuse(self):
                return self

            def split(self):
                return self

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.part = Part()

            def forward(self, x):
                return self.part.fuse()(x)
    """
    assert members(tmp_path, text) == {"__init__", "forward", "fuse"}


@pytest.mark.parametrize(
    ("expression", "kept"),
    [
        ('getattr(self, "mode_a")(x)', {"mode_a"}),
        ('getattr(self, f"mode_{x}")(x)', {"mode_a", "mode_b"}),
        ('getattr(self, "mode_" + x)(x)', {"mode_a", "mode_b"}),
        ('getattr(self, "mode_%s" % x)(x)', {"mode_a", "mode_b"}),
        ('getattr(self, "{}_b".format(x))(x)', {"mode_b"}),
        ("getattr(self, x)(x)", {"mode_a", "mode_b", "other"}),
        ("getattr(x, x)(['other'])", {"other"}),
        ('hasattr(self, "other")', {"other"}),
        ('operator.methodcaller("other")(self)', {"other"}),
        ("getattr(self, self.prefix)", {"other"}),
        ("setattr(self, x, 1)", {"named", "other"}),  # by way of prefix
        ("self.named", {"named"}),
        ("setattr(self, 'named', 1)", {"named"}),
        ("type(self).mode_b(self)", {"mode_b"}),
        ("Net.mode_b(self)", {"mode_b"}),
        ("(lambda: self.mode_a)()", {"mode_a"}),
    ],
)
def test_names_that_are_put_together_count(tmp_path: Path, expression: str, kept: set[str]) -> None:
    text = f"""
        import operator
        from torch import nn

        class Net(nn.Module):
            prefix = "other"

            def forward(self, x):
                return {expression}

            def mode_a(self):
                return 1

            def mode_b(self):
                return 2

            def other(self):
                return 3

            @property
            def named(self):
                return 4
    """
    everything = {"mode_a", "mode_b", "other", "named"}
    expected = everything if "(self, x)" in expression else kept
    assert members(tmp_path, text) - {"forward"} == expected


def test_setting_an_attribute_wakes_properties_not_methods(tmp_path: Path) -> None:
    text = """
        from torch import nn

        class Net(nn.Module):
            def forward(self, x):
                self.size = 3
                self.plain = 4
                return x

            @property
            def size(self):
                return self._size

            @size.setter
            def size(self, value):
                self._size = value

            def plain(self):
                return 1
    """
    found = closure(tmp_path, {"a.py": text}, "pkg.a.Net")
    assert found.source.count("def size") == 2
    assert "def plain" not in found.source


def test_a_class_that_passes_lookups_on_looks_up_everywhere(tmp_path: Path) -> None:
    text = """
        from torch import nn

        class Inner:
            def deep(self):
                return 1

            def unused(self):
                return 2

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.inner = [Inner()]

            def __getattr__(self, name):
                return getattr(self.inner[0], name)

            def forward(self, x):
                return self.deep()
    """
    assert members(tmp_path, text) == {"__init__", "__getattr__", "forward", "deep"}
