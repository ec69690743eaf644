"""A task of your own: which way do the stripes run?

Any function without arguments that returns a task will do; name it as module:FILE:FUNCTION, or
module:PACKAGE.MODULE:FUNCTION. This one draws its own data. Yours would read files here, once, when the search starts:

    archgraft search 'examples/resnet.py:ResNet(num_classes=8)' --task module:examples/custom_task.py:stripes ...
"""

import numpy as np

from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.tasks.array import ArrayTask
from archgraft.evaluator.tasks.kinds import classification
from archgraft.evaluator.tasks.protocol import Split, Splits

N_DIRECTIONS = 8
SIZE = 16


def stripes() -> ArrayTask:
    """Noisy gratings (N, 1, 16, 16) in eight directions; accuracy on directions that overlap a little."""
    generator = np.random.default_rng(0)
    splits = Splits(
        train=draw(500, generator),
        validation=draw(400, generator),
        test=draw(400, generator),  # stays sealed until the search is over
    )
    return classification("stripes", splits, Recipe(epochs=8, batch_size=32, learning_rate=2e-3))


def draw(n: int, generator: np.random.Generator) -> Split:
    """Pictures with random direction, wavelength, phase and noise."""
    directions = generator.integers(N_DIRECTIONS, size=n)
    angle = np.pi * (directions + generator.normal(0, 0.15, n)) / N_DIRECTIONS
    wavelength = generator.uniform(4, 8, n)
    phase = generator.uniform(0, 2 * np.pi, n)
    row, column = np.mgrid[:SIZE, :SIZE]
    along = np.cos(angle)[:, None, None] * column + np.sin(angle)[:, None, None] * row
    pictures = np.sin(2 * np.pi * along / wavelength[:, None, None] + phase[:, None, None])
    pictures += generator.normal(0, 1.5, pictures.shape)
    return Split(pictures[:, None].astype(np.float32), directions)
