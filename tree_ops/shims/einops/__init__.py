"""The part of the einops notation (Rogozhnikov, ICLR 2022) that models use, for torch tensors only.

Not the einops package: our own small version, made to be inlined into emitted files, so that they need torch alone.
"""

from .packing import pack, unpack
from .products import einsum
from .transforms import parse_shape, rearrange, reduce, repeat

__all__ = ["einsum", "pack", "parse_shape", "rearrange", "reduce", "repeat", "unpack"]
