"""How a model is trained: the same recipe for the rootstock and every candidate."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Recipe:
    """A training budget and its hyperparameters. Learning rate: linear warm-up, then cosine to zero."""

    epochs: int = 10
    batch_size: int = 64
    optimizer: Literal["adamw", "sgd"] = "adamw"
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    warmup_share: float = 0.1
    label_smoothing: float = 0.0
    gradient_clip: float = 1.0
