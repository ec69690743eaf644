import pytest
import torch

from archgraft.evaluator.augmentation import augmented, cropped, flipped
from archgraft.evaluator.recipe import Recipe


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(n: int = 40) -> torch.Tensor:
    """No two pixels alike, none zero."""
    return torch.arange(1.0, n * 2 * 5 * 4 + 1).reshape(n, 2, 5, 4)


def test_every_crop_is_a_window_of_the_padded_picture() -> None:
    whole = torch.nn.functional.pad(pictures(), [1, 1, 1, 1])
    found = set()
    for picture, crop in zip(whole, cropped(pictures(), 1, chance()), strict=True):
        windows = {(i, j): picture[:, i : i + 5, j : j + 4] for i in range(3) for j in range(3)}
        [place] = [place for place, window in windows.items() if torch.equal(window, crop)]
        found.add(place)
    assert len(found) == 9


def test_about_half_of_the_pictures_are_mirrored_and_the_others_stay() -> None:
    before = pictures()
    after = flipped(before, chance())
    n_mirrored = sum(torch.equal(new, old.flip(-1)) for new, old in zip(after, before))
    n_same = sum(torch.equal(new, old) for new, old in zip(after, before))
    assert n_mirrored + n_same == len(before)
    assert 10 < n_mirrored < 30


def test_the_same_seed_gives_the_same_pictures_and_another_seed_others() -> None:
    recipe = Recipe(crop_padding=1, horizontal_flip=True)
    first, again, other = (augmented(pictures(), recipe, chance(seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_by_default_inputs_of_any_kind_stay_as_they_are() -> None:
    tokens = torch.arange(12).reshape(3, 4)
    assert augmented(tokens, Recipe(), chance()) is tokens


@pytest.mark.parametrize("inputs", [torch.zeros(3, 4), torch.zeros(3, 1, 4, 4, dtype=torch.int64)])
def test_what_is_no_picture_is_refused(inputs: torch.Tensor) -> None:
    with pytest.raises(TypeError, match="only pictures"):
        augmented(inputs, Recipe(horizontal_flip=True), chance())
