"""What is mined: sources, the part of them that counts, and the named corpora of docs/mining.md."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import numpy as np

from archgraft.tree_ops.index import Definition


@dataclass(frozen=True, slots=True)
class Corpus:
    """Sources indexed together, and which of their classes count.

    `only` and `exclude` are patterns of file paths as a program imports them (`timm/layers/attention.py`); a `*` also
    matches slashes. `n_sampled` classes are drawn; 0 takes all.
    """

    name: str
    sources: tuple[str, ...]
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    n_sampled: int = 0

    def holds(self, definition: Definition) -> bool:
        """Whether a class counts."""
        path = definition.module.replace(".", "/") + ".py"
        package = definition.module.replace(".", "/") + "/__init__.py"
        is_in = not self.only or any(fnmatchcase(p, glob) for p in (path, package) for glob in self.only)
        return is_in and not any(fnmatchcase(p, glob) for p in (path, package) for glob in self.exclude)

    def draw(self, classes: Sequence[Definition], seed: int) -> list[Definition]:
        """The sample, in the classes' own order."""
        if not 0 < self.n_sampled < len(classes):
            return list(classes)
        chosen = np.random.default_rng(seed).choice(len(classes), self.n_sampled, replace=False)
        return [classes[position] for position in sorted(chosen)]


_TORCHVISION = "pypi:torchvision==0.29.2"

CORPORA = (
    Corpus("timm", ("pypi:timm==1.0.31", _TORCHVISION), only=("timm/*",)),
    Corpus("vit-pytorch", ("pypi:vit-pytorch==1.26.11", _TORCHVISION), only=("vit_pytorch/*",)),
    Corpus(
        "x-transformers", ("pypi:x-transformers==2.31.10", "pypi:torch-einops-utils==0.2.0"), only=("x_transformers/*",)
    ),
    Corpus("torchvision", (_TORCHVISION,), exclude=("torchvision/transforms/*",)),
    Corpus(
        "transformers", ("pypi:transformers==5.23.0",), only=("transformers/models/*/modeling_*.py",), n_sampled=400
    ),
    Corpus("monai", ("pypi:monai==1.6.1",)),
    Corpus("kornia", ("pypi:kornia==0.9.0",)),
    Corpus("diffusers", ("pypi:diffusers==0.42.1",)),
    Corpus(
        "segmentation-models",
        ("pypi:segmentation-models-pytorch==0.6.0", "pypi:timm==1.0.31", _TORCHVISION),
        only=("segmentation_models_pytorch/*",),
    ),
)
"""Those that the promises are about, then some that were not looked at while the rules were made."""
N_PROMISED = 5


def named(name: str, n_sampled: int | None = None) -> Corpus:
    """The corpus of that name, with a sample of another size where one is given. Raises `ValueError`."""
    for corpus in CORPORA:
        if corpus.name == name:
            return corpus if n_sampled is None else replace(corpus, n_sampled=n_sampled)
    raise ValueError(f"there is no corpus {name!r}: use one of {', '.join(corpus.name for corpus in CORPORA)}")
