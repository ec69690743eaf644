import numpy as np

from archgraft.evaluator.tasks.mnist1d import TEMPLATES, distorted, draw_samples, padded, resampled, whitened


def test_templates_start_at_zero_and_have_one_scale() -> None:
    found = whitened(TEMPLATES)
    assert found.shape == (10, 12)
    np.testing.assert_array_equal(found[:, 0], 0)
    np.testing.assert_allclose(found.std(axis=1), 1 / 6)


def test_padding_stretches_every_template_to_one_length() -> None:
    found = padded(whitened(TEMPLATES))
    assert found.shape == (10, 25, 72)
    assert (found[:, -1] != 0).sum(axis=-1).max() <= 13  # padded by 60 already: not stretched
    assert (found[:, 0] != 0).sum(axis=-1).min() > 13


def test_resampling_keeps_a_line_a_line() -> None:
    line = np.linspace(2, 5, 72)[None]
    np.testing.assert_allclose(resampled(line, 40), np.linspace(2, 5, 40)[None])


def test_two_samples_of_a_class_differ_in_place_and_shape() -> None:
    labels = np.full(200, 3)
    found = distorted(labels, np.random.default_rng(0))
    peaks = found.argmax(axis=1)
    assert len(np.unique(peaks)) > 20


def test_classes_are_balanced_and_in_random_order() -> None:
    signals, labels = draw_samples(500, np.random.default_rng(0))
    assert signals.shape == (500, 40)
    np.testing.assert_array_equal(np.bincount(labels), 50)
    assert not np.array_equal(labels, np.sort(labels))
