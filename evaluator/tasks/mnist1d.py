"""MNIST-1D: a procedural task of ten classes, 40 numbers a sample, made by our own code.

Recipe: Sam Greydanus, "Scaling Down Deep Learning", 2020 (arXiv 2011.14439), section "The MNIST-1D dataset" and the
constants given there: ten 12-point digit templates, padded by 36 to 60 points, scaled by 0.4, sheared by 0.75,
translated by up to 48, corrupted by white and by correlated noise, and downsampled to 40 points. The samples are drawn
by this implementation: they follow the published recipe, and are not the numbers of the published file.
"""

import numpy as np
from scipy.ndimage import gaussian_filter

from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.tasks.array import ArrayTask
from archgraft.evaluator.tasks.kinds import classification
from archgraft.evaluator.tasks.protocol import Split, Splits
from archgraft.evaluator.tasks.splitting import standardised, stratified_split

TEMPLATES = np.array(
    [
        [5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5],
        [5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5],
        [5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5],
        [5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5],
        [5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5],
        [5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5],
        [5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5],
        [5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5],
        [5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5],
        [5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5],
    ]
)
"""One row per digit, as the recipe draws it; `whitened` scales them."""
PADDING = (36, 60)
SCALE = 0.4
SHEAR = 0.75
MAX_TRANSLATION = 48
CORRELATED_NOISE = 0.25
WHITE_NOISE = 0.02
LENGTH = 40
N_CLASSES = 10
N_VALIDATION = 1000
RECIPE = Recipe()


def mnist1d_task(seed: int = 0, n_train: int = 4000, n_test: int = 1000) -> ArrayTask:
    """Signals (N, 1, 40) float32, standardised; `n_train` holds the validation part, a quarter, as well."""
    generator = np.random.default_rng(seed)
    signals, labels = draw_samples(n_train + n_test, generator)
    rest = np.arange(n_train)
    kept, held = stratified_split(labels[rest], n_train // 4, generator)
    parts = [kept, held, np.arange(n_train, n_train + n_test)]
    inputs = standardised([signals[rows, None] for rows in parts], axes=(0, 1, 2))
    train, validation, test = (Split(x, labels[rows]) for x, rows in zip(inputs, parts))
    return classification("mnist1d", Splits(train, validation, test), RECIPE)


def draw_samples(n_samples: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Signals (n_samples, 40) and classes (n_samples,), as many of each class as can be, in random order."""
    labels = generator.permutation(np.arange(n_samples) % N_CLASSES)
    templates = whitened(TEMPLATES)
    return np.stack([distort(templates[label], generator) for label in labels]), labels


def whitened(templates: np.ndarray) -> np.ndarray:
    """Each row (12,) to unit deviation, starting at zero, in units of six deviations."""
    scaled = templates / templates.std(axis=1, keepdims=True)
    started: np.ndarray = scaled - scaled[:, :1]
    return started / 6.0


def distort(template: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """One sample (40,) of a template (12,): pad, scale, translate, add noise, shear, downsample."""
    n_padding = int(generator.integers(PADDING[0], PADDING[1] + 1))
    # The tiny offset tells a template's own zeros from padding, which alone gets the correlated noise.
    signal = resampled(np.concatenate([template + 1e-8, np.zeros(n_padding)]), len(template) + PADDING[1])
    signal = signal * (1 + SCALE * (generator.random() - 0.5))
    signal = np.roll(signal, int(generator.integers(0, MAX_TRANSLATION)))
    noisy = signal != 0
    noise = gaussian_filter(generator.normal(size=signal.shape) * CORRELATED_NOISE, sigma=2.0)
    signal = np.where(noisy, signal, noise)
    signal = signal + WHITE_NOISE * generator.normal(size=signal.shape)
    slope = SHEAR * (generator.random() - 0.5)
    signal = signal - slope * np.linspace(-0.5, 0.5, len(signal))
    return resampled(signal, LENGTH)


def resampled(signal: np.ndarray, length: int) -> np.ndarray:
    """`signal` at `length` evenly spaced points between its ends, linearly interpolated."""
    found: np.ndarray = np.interp(np.linspace(0, 1, length), np.linspace(0, 1, len(signal)), signal)
    return found
