"""Random changes to training pictures that keep their class. Runs in the sandbox child only.

Crop and flip as in He et al. 2015 (arXiv 1512.03385), section 4.2: the picture is padded with zeros, which is the mean
of standardised pixels, and a window of its own size is cut out anywhere.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from archgraft.evaluator.recipe import Recipe


def augmented(pictures: Tensor, recipe: Recipe, generator: torch.Generator) -> Tensor:
    """The pictures (B, C, H, W), each changed by chance of its own. Raises `TypeError` for what is no picture."""
    if not recipe.augments:
        return pictures
    if pictures.ndim != 4 or not pictures.is_floating_point():
        shape = tuple(pictures.shape[1:])
        raise TypeError(
            f"only pictures (C, H, W) can be cropped and flipped, but one input is {pictures.dtype} {shape}"
        )
    if recipe.crop_padding:
        pictures = cropped(pictures, recipe.crop_padding, generator)
    return flipped(pictures, generator) if recipe.horizontal_flip else pictures


def cropped(pictures: Tensor, padding: int, generator: torch.Generator) -> Tensor:
    """A window of the same size from each padded picture (B, C, H, W)."""
    n_pictures, n_channels, height, width = pictures.shape
    padded = F.pad(pictures, [padding] * 4)
    top, left = (torch.randint(2 * padding + 1, (n_pictures, 1), generator=generator) for _ in range(2))
    rows, columns = top + torch.arange(height), left + torch.arange(width)
    pictures_of, channels_of = torch.arange(n_pictures), torch.arange(n_channels)
    return padded[
        pictures_of[:, None, None, None], channels_of[:, None, None], rows[:, None, :, None], columns[:, None, None, :]
    ]


def flipped(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """About half of the pictures (B, C, H, W) mirrored left to right."""
    mirrored = torch.rand(len(pictures), generator=generator) < 0.5
    return torch.where(mirrored[:, None, None, None], pictures.flip(-1), pictures)
