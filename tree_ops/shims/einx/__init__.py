"""The part of the einx notation (Fervers, ICLR 2026) that models use: elementwise functions and reductions by name.

Not the einx package: our own small version for torch tensors, made to be inlined into emitted files.
"""

from .elementwise import (
    add,
    divide,
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    logical_or,
    maximum,
    minimum,
    multiply,
    not_equal,
    subtract,
    where,
)
from .gathering import get_at
from .reductions import all, any, max, mean, min, prod, sum
