"""Stops a candidate that clearly doesn't learn, by its training loss alone: validation data never enter training."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EarlyStop:
    """Stops a candidate that learns many times slower than the rootstock.

    `curves` are the rootstock's mean training losses, epoch by epoch, one curve per seed. From `first_share` of the
    epochs on, a candidate is stopped when its loss is above what every rootstock run had reached in a `slowness`-th of
    the epochs. A ratio of epochs, not of losses, so that the rule means the same for every loss; a wide one, as strong
    regularisation raises the training loss of models that generalise well.
    """

    curves: Sequence[Sequence[float]]
    first_share: float = 0.5
    slowness: int = 4

    def reason_to_stop(self, epoch: int, train_loss: float) -> str | None:
        """Why training should end after this epoch (counted from 1), or None."""
        n_epochs = min((len(curve) for curve in self.curves), default=0)
        earlier = epoch // self.slowness
        if earlier < 1 or epoch < self.first_share * n_epochs or epoch >= n_epochs:
            return None
        bar = max(min(curve[:earlier]) for curve in self.curves)
        if train_loss <= bar:
            return None
        return (
            f"training loss {train_loss:.4g} after epoch {epoch} is above the {bar:.4g} that the rootstock had reached "
            f"by epoch {earlier}"
        )
