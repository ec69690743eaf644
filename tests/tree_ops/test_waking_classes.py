"""Which classes keep all their members, and which of their members torch keeps awake."""

from pathlib import Path

import pytest

from archgraft.tree_ops.closure import extract
from tests.tree_ops.extraction import assert_source, closure, index_of, members


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
