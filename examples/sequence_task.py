"""A sequence classification of your own: which language is it?

Each of six made-up languages has its own habits of which letter follows which (a Markov chain). Single letters tell a
little, pairs of neighbours much more:

    archgraft search 'examples/transformer.py:SequenceClassifier(n_tokens=12, num_classes=6, length=32)' \
        --task module:examples/sequence_task.py:languages ...
"""

import numpy as np

from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.tasks.array import ArrayTask
from archgraft.evaluator.tasks.kinds import classification
from archgraft.evaluator.tasks.protocol import Split, Splits

N_LANGUAGES = 6
N_LETTERS = 12
LENGTH = 32


def languages() -> ArrayTask:
    """Letters (N, 32) int64 of 12 kinds; accuracy on the language."""
    generator = np.random.default_rng(0)
    habits = generator.dirichlet(np.ones(N_LETTERS), (N_LANGUAGES, N_LETTERS))
    splits = Splits(
        train=draw(1000, habits, generator),
        validation=draw(600, habits, generator),
        test=draw(600, habits, generator),  # stays sealed until the search is over
    )
    return classification("languages", splits, Recipe(epochs=8, batch_size=32, learning_rate=2e-3))


def draw(n: int, habits: np.ndarray, generator: np.random.Generator) -> Split:
    """Sequences of random languages; `habits` (languages, letters, letters) say how likely each letter is next."""
    spoken = generator.integers(N_LANGUAGES, size=n)
    letters = np.empty((n, LENGTH), np.int64)
    letters[:, 0] = generator.integers(N_LETTERS, size=n)
    for place in range(1, LENGTH):
        reach = habits[spoken, letters[:, place - 1]].cumsum(axis=1)
        letters[:, place] = (generator.random((n, 1)) * reach[:, -1:] > reach).sum(axis=1)
    return Split(letters, spoken)
