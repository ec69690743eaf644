"""The example models are ordinary files that build, keep their promised shapes, and learn."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def build(name: str, class_name: str, **arguments: int) -> nn.Module:
    torch.manual_seed(0)
    model = getattr(load(name), class_name)(**arguments)
    assert isinstance(model, nn.Module)
    return model


def losses(model: nn.Module, n_steps: int) -> list[float]:
    digits = load_digits()
    inputs = torch.tensor((digits.images[:256, None] / 16).astype(np.float32))
    targets = torch.tensor(digits.target[:256])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    seen = []
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(inputs), targets)
        torch.autograd.backward(loss)
        optimizer.step()
        seen.append(loss.item())
    return seen


@pytest.mark.parametrize(("name", "class_name"), [("resnet", "ResNet"), ("vit", "ViT")])
def test_the_defaults_fit_the_digits_and_learn(name: str, class_name: str) -> None:
    model = build(name, class_name)
    assert model(torch.zeros(3, 1, 8, 8)).shape == (3, 10)
    first, *_, last = losses(model, 20)
    assert last < 0.95 * first


def test_the_resnet_takes_colour_pictures_of_other_sizes() -> None:
    model = build("resnet", "ResNet", in_channels=3, num_classes=5, width=16, blocks=2)
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 5)


def test_a_resnet_stage_halves_the_picture_and_doubles_the_width() -> None:
    model = build("resnet", "ResNet", width=4)
    stage = model.get_submodule("layer2")
    assert stage(torch.zeros(1, 4, 8, 8)).shape == (1, 8, 4, 4)


def test_the_vit_takes_other_pictures_and_patches() -> None:
    model = build("vit", "ViT", image_size=16, patch_size=4, in_channels=3, num_classes=7)
    assert model(torch.zeros(2, 3, 16, 16)).shape == (2, 7)


def test_the_language_model_sees_no_later_token() -> None:
    model = build("transformer", "LanguageModel", n_tokens=9, length=6, dim=16).eval()
    tokens = torch.randint(9, (2, 6))
    changed = tokens.clone()
    changed[:, 4:] = (changed[:, 4:] + 1) % 9
    first, second = model(tokens), model(changed)
    assert first.shape == (2, 6, 9)
    torch.testing.assert_close(first[:, :4], second[:, :4])
    assert not torch.allclose(first[:, 4:], second[:, 4:])


def test_the_models_of_sequences_and_tables_give_an_output_a_sample() -> None:
    assert build("transformer", "SequenceClassifier", n_tokens=9, num_classes=3, length=6)(
        torch.zeros(2, 6, dtype=torch.int64)
    ).shape == (2, 3)
    assert build("mlp", "MLP", n_features=5)(torch.zeros(2, 5)).shape == (2, 1)
