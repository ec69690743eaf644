"""The example task is one that a search can use, and that can be learnt."""

import importlib.util

import numpy as np

from archgraft.evaluator.tasks.array import ArrayTask
from tests.architecture.code import ROOT


def stripes() -> ArrayTask:
    spec = importlib.util.spec_from_file_location("example_custom_task", ROOT / "examples" / "custom_task.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    task = module.stripes()
    assert isinstance(task, ArrayTask)
    return task


def test_it_gives_pictures_of_eight_directions() -> None:
    splits = stripes().load()
    assert splits.train.inputs.shape == (500, 1, 16, 16)
    assert set(splits.test.targets.tolist()) == set(range(8))


def test_it_gives_the_same_data_each_time() -> None:
    assert np.array_equal(stripes().load().test.inputs, stripes().load().test.inputs)


def test_no_picture_is_in_two_splits() -> None:
    splits = stripes().load()
    train = {picture.tobytes() for picture in splits.train.inputs}
    assert train.isdisjoint(picture.tobytes() for picture in splits.test.inputs)


def test_the_spectrum_tells_the_direction_better_than_chance() -> None:
    task = stripes()
    train, test = task.load().train, task.load().test
    spectra = [np.abs(np.fft.fft2(split.inputs[:, 0])).reshape(len(split), -1) for split in (train, test)]
    means = np.stack([spectra[0][train.targets == label].mean(0) for label in range(8)])
    nearest = np.linalg.norm(spectra[1][:, None] - means, axis=2)
    assert task.score((-nearest).astype(np.float32), test.targets) > 30
