from dataclasses import replace

import pytest
import torch
from torch import nn

from archgraft.evaluator.losses import loss_named
from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.stepping import parts_of, take_step, training_dtype
from archgraft.evaluator.training import train

RECIPE = Recipe(epochs=2, batch_size=8, learning_rate=0.01)
RANGE_TEST = {"learning_rate_rule": "range_test"}
CROSS_ENTROPY = loss_named("cross_entropy", 0.0)


def network(*, norm: bool = False) -> nn.Module:
    torch.manual_seed(0)
    middle = nn.BatchNorm2d(4) if norm else nn.Identity()
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), middle, nn.Dropout(0.1) if norm else nn.Identity(), nn.Flatten(), nn.Linear(64, 3)
    )


def data() -> tuple[torch.Tensor, torch.Tensor]:
    chance = torch.Generator().manual_seed(0)
    return torch.randn(27, 1, 6, 6, generator=chance), torch.randint(3, (27,), generator=chance)


def trained(recipe: Recipe, *, norm: bool = False, seed: int = 0) -> dict[str, torch.Tensor]:
    model = network(norm=norm)
    train(model, *data(), recipe, CROSS_ENTROPY, seed, lambda epoch, train_loss: True)
    return model.state_dict()


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    "changes", [{}, {"crop_padding": 1, "horizontal_flip": True}, {"gradient_accumulation": 3}, RANGE_TEST]
)
@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_two_trainings_from_one_seed_are_the_same_bit_for_bit(optimizer: str, changes: dict[str, object]) -> None:
    recipe = replace(RECIPE, optimizer=optimizer, **changes)  # type: ignore[arg-type]  # parametrised fields
    assert same(trained(recipe, norm=True), trained(recipe, norm=True))
    assert not same(trained(recipe, norm=True), trained(recipe, norm=True, seed=1))


def test_augmentation_changes_what_is_learnt_but_not_the_order_of_the_samples() -> None:
    seen: list[torch.Tensor] = []

    def noting(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        seen.append(targets)
        return CROSS_ENTROPY(outputs, targets)

    for recipe in (RECIPE, replace(RECIPE, horizontal_flip=True)):
        train(network(), *data(), recipe, noting, 0, lambda epoch, train_loss: True)
    half = len(seen) // 2
    assert all(torch.equal(plain, flipped) for plain, flipped in zip(seen[:half], seen[half:], strict=True))
    assert not same(trained(RECIPE), trained(replace(RECIPE, horizontal_flip=True)))


@pytest.mark.parametrize("n_parts", [2, 3, 8])
def test_a_step_in_parts_is_the_step_of_the_whole_batch(n_parts: int) -> None:
    results = []
    for parts in (1, n_parts):
        model = network()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        recipe = replace(RECIPE, gradient_accumulation=parts)
        value = take_step(model, optimizer, *data(), recipe, CROSS_ENTROPY)
        results.append((value, model.state_dict()))
    (value, whole), (parted_value, parted) = results
    torch.testing.assert_close(value, parted_value)
    for name in whole:
        torch.testing.assert_close(whole[name], parted[name])


@pytest.mark.parametrize(("n_samples", "n_parts", "sizes"), [(8, 2, [4, 4]), (5, 2, [3, 2]), (3, 2, [3]), (1, 4, [1])])
def test_no_part_of_a_batch_is_a_single_sample(n_samples: int, n_parts: int, sizes: list[int]) -> None:
    assert [len(part) for part in parts_of(torch.zeros(n_samples, 2), n_parts)] == sizes


def test_only_a_cuda_gpu_trains_in_bfloat16_and_only_when_wanted() -> None:
    found = {name: training_dtype(torch.device(name), RECIPE) for name in ("cpu", "mps", "cuda:1")}
    assert found == {"cpu": torch.float32, "mps": torch.float32, "cuda:1": torch.bfloat16}
    assert training_dtype(torch.device("cuda"), replace(RECIPE, mixed_precision=False)) is torch.float32
