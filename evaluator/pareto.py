"""Several objectives at once: which points nothing beats in everything, and how much they cover together.

| symbol | meaning |
| --- | --- |
| n, d | points, objectives |
| points | (n, d); every objective is to be made small: give a metric where more is better with its sign changed |
| reference | (d,); a point no better than it in some objective covers nothing |

Hypervolume: Zitzler and Thiele 1998; computed exactly by exclusive volumes as in While, Bradstreet and Barone 2012, "A
fast way of calculating exact hypervolumes" (WFG), section III.
"""

import numpy as np


def on_front(points: np.ndarray) -> np.ndarray:
    """(n,) whether no other point is as good in all objectives and better in one. Equal points stand or fall together.

    Raises `ValueError` for points that aren't numbers.
    """
    points = _checked(points)
    no_worse = np.all(points[None] <= points[:, None], axis=2)  # [i, j]: j is as good as i in everything
    better = np.any(points[None] < points[:, None], axis=2)
    beaten: np.ndarray = np.any(no_worse & better, axis=1)
    return ~beaten


def hypervolume(points: np.ndarray, reference: np.ndarray) -> float:
    """The volume that is worse than some point and better than the reference: more is better, 0 for no points.

    Exact; fine for hundreds of points and up to five objectives. Raises `ValueError` for points that aren't numbers.
    """
    points = _checked(points)
    reference = np.asarray(reference, np.float64)
    if reference.shape != points.shape[1:]:
        raise ValueError(f"a reference of shape {points.shape[1:]} is due, but got {reference.shape}")
    return _volume(points[np.all(points < reference, axis=1)], reference)


def _volume(points: np.ndarray, reference: np.ndarray) -> float:
    """The sum of what each point covers and none of those after it does."""
    front = np.unique(points[on_front(points)], axis=0) if len(points) else points
    if points.shape[1] == 1:
        return float(reference[0] - front[0, 0]) if len(front) else 0.0
    total = 0.0
    for number, point in enumerate(front):
        shadows = np.maximum(front[number + 1 :], point)  # what the later points cover of this one's box
        total += float(np.prod(reference - point)) - _volume(shadows, reference)
    return total


def _checked(points: np.ndarray) -> np.ndarray:
    found = np.asarray(points, np.float64)
    if found.ndim != 2 or np.isnan(found).any():
        raise ValueError(f"points must be numbers of shape (n, d), but got {found!r}")
    return found
