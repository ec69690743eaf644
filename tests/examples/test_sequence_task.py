"""The example sequences are learnt better the more of their order a model uses."""

import numpy as np

from archgraft.evaluator.tasks.array import ArrayTask
from archgraft.evaluator.tasks.load import load_task
from archgraft.evaluator.tasks.soundness import check_data
from tests.architecture.code import ROOT


def languages() -> ArrayTask:
    task = load_task(f"module:{ROOT / 'examples' / 'sequence_task.py'}:languages")
    assert isinstance(task, ArrayTask)
    return task


def counts(inputs: np.ndarray, *, pairs: bool) -> np.ndarray:
    """How often each letter, or each pair of neighbours, stands in each sequence."""
    words = 12 * inputs[:, :-1] + inputs[:, 1:] if pairs else inputs
    return np.asarray((words[:, :, None] == np.arange(144 if pairs else 12)).sum(axis=1))


def naive_bayes(task: ArrayTask, *, pairs: bool) -> float:
    seen, new = (counts(part.inputs, pairs=pairs) for part in (task.train, task.test))
    shares = np.stack([1 + seen[task.train.targets == label].sum(axis=0) for label in range(6)])
    likelihood = new @ np.log(shares / shares.sum(axis=1, keepdims=True)).T
    return task.score(likelihood.astype(np.float32), task.test.targets)


def test_pairs_of_letters_tell_more_than_letters() -> None:
    assert 35 < naive_bayes(languages(), pairs=False) < 75
    assert naive_bayes(languages(), pairs=True) > 90


def test_it_gives_the_same_sound_data_each_time() -> None:
    first, second = languages(), languages()
    np.testing.assert_array_equal(first.test.inputs, second.test.inputs)
    assert check_data(first, first.load()) == ()
