"""What a comparison of two models found, as both of its ends speak of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """The largest difference of one thing: `outputs`, `input gradients` or `parameter gradients` of one mode.

    `relative` is to the parent's largest absolute value of that thing; for the gradients of parameters, of all of them
    together. What the parent's gradients must be given the child's is told by `archgraft.evaluator.pull_back`.
    """

    dtype: str
    mode: str
    what: str
    absolute: float
    relative: float
