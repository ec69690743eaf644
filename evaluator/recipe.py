"""How a model is trained: the same recipe for the rootstock and every candidate."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Recipe:
    """A training budget and its hyperparameters. Learning rate: linear warm-up, then cosine to zero."""

    epochs: int = 10
    batch_size: int = 64
    """Samples in an optimiser's step, however many parts they are trained in."""
    optimizer: Literal["adamw", "sgd"] = "adamw"
    learning_rate: float = 2e-3
    learning_rate_rule: Literal["fixed", "range_test"] = "fixed"
    """Whether every model trains at that rate, or at one that a short test around it finds for the model."""
    weight_decay: float = 0.05
    warmup_share: float = 0.1
    label_smoothing: float = 0.0
    gradient_clip: float = 1.0
    gradient_accumulation: int = 1
    """Parts that a batch is trained in, one after the other: less memory, the same step. Batch norm sees the parts."""
    crop_padding: int = 0
    """Pixels of padding around a picture before a random crop of its size; 0: pictures stay where they are."""
    horizontal_flip: bool = False
    """Whether every other picture, by chance, is mirrored left to right: not for digits or text."""
    mixed_precision: bool = True
    """Whether forward passes of training run in bfloat16 where the device is made for it, a CUDA GPU."""

    train_function: str | None = None
    """The user's own `train(model, data, budget)`, as `path/to/file.py:function` or `package.module:function`, instead
    of the built-in training; see evaluator/user_training.py."""

    @property
    def augments(self) -> bool:
        """Whether training pictures are changed at random."""
        return self.crop_padding > 0 or self.horizontal_flip
