"""Genes as people read them, and as settings take them."""

from archgraft.agent.genes.space import Genes
from archgraft.agent.settings import written


def genes_text(genes: Genes) -> str:
    """`learning_rate=0.00435, weight_decay=0.02`; each is a setting of section `recipe`."""
    return ", ".join(f"{name}={written(value)}" for name, value in genes.items())
