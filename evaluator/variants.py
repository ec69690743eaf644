"""How a model is made ready to be timed."""

from enum import StrEnum


class Variant(StrEnum):
    """Each includes the one before."""

    AS_IS = "as_is"
    FUSED = "fused"
    """Batch norms folded into the layers before them, where that can be (evaluator/fusion.py)."""
    COMPILED = "compiled"
    """By `torch.compile`."""

    @property
    def words(self) -> str:
        """For people."""
        return self.value.replace("_", " ")
