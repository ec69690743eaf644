"""Which members of classes, and entries of dicts, extraction keeps."""

from pathlib import Path

import pytest

from archgraft.tree_ops.closure import extract
from tests.tree_ops.extraction import assert_source, closure, index_of, run


def members(folder: Path, text: str, root: str = "Net") -> set[str]:
    """The functions that are left in the root's closure."""
    found = closure(folder, {"a.py": text}, f"pkg.a.{root}")
    lines = [line.strip() for line in found.source.splitlines()]
    return {line.removeprefix("def ").split("(")[0] for line in lines if line.startswith("def ")}


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


def test_values_in_a_class_body_go_when_nobody_reads_them(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "a.py": """
                from torch import nn

                class Config:
                    pass

                class Net(nn.Module):
                    config_class = Config
                    small = 3
                    large = small * 2

                    def forward(self, x):
                        return x * self.large
            """
        },
        "pkg.a.Net",
    )
    assert_source(
        found,
        """
        from torch import nn


        class Net(nn.Module):
            small = 3
            large = small * 2

            def forward(self, x):
                return x * self.large
        """,
    )


@pytest.mark.parametrize(
    "header",
    [
        "class Net(dict):",
        "class Net(torch.autograd.Function):",
        "class Net(torch.utils.data.Dataset):",
        "class Net(enum.Enum):",
        "class Net(metaclass=Meta):",
        "@dataclasses.dataclass\nclass Net:",
        "class Net(Indexed):",
    ],
)
def test_classes_that_others_look_into_keep_all_members(tmp_path: Path, header: str) -> None:
    text = "import dataclasses, enum, torch\n\nclass Meta(type):\n    pass\n\nclass Indexed(Exception):\n    pass\n\n"
    text += f"{header}\n    value = 1\n\n    def method(self):\n        return 1\n\ndef make():\n    return Net\n"
    found = closure(tmp_path, {"a.py": text}, "pkg.a.make")
    assert "value = 1" in found.source
    assert "def method" in found.source


def test_subclasses_of_layers_keep_what_torch_calls(tmp_path: Path) -> None:
    text = """
        from torch import nn

        class Net(nn.Conv2d):
            def reset_parameters(self):
                return None

            def _conv_forward(self, x, weight, bias):
                return x

            def show(self):
                return 1
    """
    assert members(tmp_path, text) == {"reset_parameters", "_conv_forward"}


def test_what_is_mixed_into_a_layer_keeps_what_torch_calls(tmp_path: Path) -> None:
    text = """
        from torch import nn

        class Mixin:
            def forward(self, x):
                return 2 * x

            def summary(self):
                return "unread"

        class Base(nn.Module):
            def forward(self, x):
                return x

        class Net(Mixin, Base):
            pass
    """
    assert members(tmp_path, text) == {"forward"}
    assert closure(tmp_path, {"a.py": text}, "pkg.a.Net").source.count("def forward") == 2


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


def test_a_plain_class_keeps_all_since_nobody_knows_what_it_is_for(tmp_path: Path) -> None:
    text = "class Net:\n    def run(self):\n        return 1\n"
    assert members(tmp_path, text) == {"run"}


def test_modules_to_keep_stay_as_they_are(tmp_path: Path) -> None:
    files = {
        "a.py": "from torch import nn\n\n\nclass Base(nn.Module):\n    def unused(self):\n        return 1\n",
        "b.py": '"""Mine."""\nfrom .a import Base\n\n\nclass Net(Base):\n    """What it is."""\n\n'
        "    def mine(self):\n        return 2\n",
    }
    found = extract(index_of(tmp_path, files), ["pkg.b.Net"], keep={"pkg.b"})
    assert_source(
        found,
        '''
        from torch import nn


        class Base(nn.Module):
            pass


        class Net(Base):
            """What it is."""

            def mine(self):
                return 2
        ''',
    )


def test_of_a_dict_only_the_entries_that_are_looked_up_stay(tmp_path: Path) -> None:
    found = closure(
        tmp_path,
        {
            "a.py": """
                def one():
                    return 1

                def two():
                    return 2

                LAYERS = {
                    "one": one,
                    # The second.
                    "two": two,
                    "none": None,
                }
                LAYERS["late"] = two
                LAYERS["early"] = one
                SIZES = {"s": 1, "m": 2, "l": 3}
                COUNTS = dict(few=one, many=two)
                EMPTY = {"a": two}

                def net(x):
                    known = "a" in EMPTY.get("b", ())
                    return LAYERS["one"](), LAYERS.get("early"), SIZES["m"], COUNTS["few"], "none" in LAYERS
            """
        },
        "pkg.a.net",
    )
    assert_source(
        found,
        """
        def one():
            return 1


        LAYERS = {
            "one": one,
            "none": None,
        }

        LAYERS["early"] = one
        SIZES = {"m": 2}
        COUNTS = dict(few=one)
        EMPTY = {}


        def net(x):
            known = "a" in EMPTY.get("b", ())
            return LAYERS["one"](), LAYERS.get("early"), SIZES["m"], COUNTS["few"], "none" in LAYERS
        """,
    )


@pytest.mark.parametrize("use", ["LAYERS[x]", "list(LAYERS)", "a.LAYERS.items()", "f(LAYERS)", "LAYERS.get(x)"])
def test_a_dict_that_is_used_in_any_other_way_stays_whole(tmp_path: Path, use: str) -> None:
    files = {
        "a.py": 'LAYERS = {"one": 1, "two": 2}\nLAYERS["three"] = 3\n',
        "b.py": f'from . import a\nfrom .a import LAYERS\n\ndef net(x, f):\n    return LAYERS["one"], {use}\n',
    }
    layers = run(closure(tmp_path, files, "pkg.b.net"))["LAYERS"]
    assert layers == {"one": 1, "two": 2, "three": 3}
