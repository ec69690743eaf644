"""Configuration classes are found and read without running them."""

from archgraft.tree_ops.configurations import Configuration, ConfigurationReader, takes_configuration
from archgraft.tree_ops.index import Definition, SourceIndex
from archgraft.tree_ops.spec import Parameter

CONFIGURATION = """
class BaseConfig:
    dropout: float = 0.1

class TextConfig(BaseConfig):
    attribute_map = {"width": "hidden_size"}
    hidden_size: int = 1_024
    layers: list = field(default_factory=list)
    rate: float = interval(min=0.0)(default=0.5)
    limits: tuple = (0.0, float("inf"))
    steps: int = 32 * 32

    def __post_init__(self, **kwargs):
        self.head_dim = self.hidden_size // 4

    def save(self, path):
        open(path, "w")

class VisionConfig:
    def __init__(self, text_config: TextConfig = None, image_size=224, **kwargs):
        self.image_size = image_size
"""
MODELING = """
from torch import nn
from .configuration import TextConfig, VisionConfig

class Block(nn.Module):
    def __init__(self, config):
        super().__init__()

class Annotated(nn.Module):
    def __init__(self, config: VisionConfig):
        super().__init__()

class TextBlock(nn.Module):
    def __init__(self, config):
        super().__init__()

class VisionTower(nn.Module):
    config_class = VisionConfig
"""


def configuration_of(name: str, annotation: str | None = None) -> Configuration:
    index = SourceIndex.of_texts({"package.configuration": CONFIGURATION, "package.modeling": MODELING})
    reader = ConfigurationReader(index)
    return reader.of(Definition("package.modeling", name), [Parameter("config", "positional", annotation)])["config"]


def test_an_annotation_says_which_class_is_meant() -> None:
    assert configuration_of("TextBlock", "VisionConfig").name == "VisionConfig"
    assert configuration_of("TextBlock", "'Optional[VisionConfig]'").name == "VisionConfig"


def test_without_one_the_likest_name_is_taken_and_then_what_the_module_declares() -> None:
    assert configuration_of("TextBlock").name == "TextConfig"
    assert configuration_of("Block").name == "VisionConfig"


def test_defaults_come_from_bases_fields_and_constructors() -> None:
    found = configuration_of("TextBlock")
    expected = {"dropout": "0.1", "hidden_size": "1024", "layers": "[]", "rate": "0.5", "steps": "1024"}
    assert found.values == {**expected, "limits": "(0.0, 1e309)"}
    assert found.aliases == {"width": "hidden_size"}
    assert configuration_of("Block").values["image_size"] == "224"


def test_only_what_sets_or_derives_fields_is_kept_of_the_methods() -> None:
    (method,) = configuration_of("TextBlock").methods
    assert method.startswith("def __post_init__(self, **kwargs):")


def test_a_configuration_holds_others() -> None:
    assert configuration_of("Block").nested["text_config"].values["hidden_size"] == "1024"


def test_only_constructors_parameters_that_say_so_ask_for_a_configuration() -> None:
    assert takes_configuration(Parameter("config", "positional"))
    assert takes_configuration(Parameter("settings", "positional", "TextConfig"))
    assert not takes_configuration(Parameter("args", "var_positional"))
    assert not takes_configuration(Parameter("dim", "positional", "int"))
