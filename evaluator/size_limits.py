"""Which widths and positions a module works at: what they must be multiples of, and the least width. Child side."""

from archgraft.evaluator.behaviour import ContractError, Subject, stride_at
from archgraft.evaluator.causes import describe, note
from archgraft.evaluator.layouts import Positions, sizes_of
from archgraft.evaluator.way_to_build import Construction
from archgraft.tree_ops.contract import Layout

NARROW_WIDTHS = (4, 8, 12, 16, 24)
"""Widths below those that all else is probed at."""
WIDTHS_BY_MULTIPLE = (
    (1, 37, 41, 53),
    (2, 34, 38, 58),
    (4, 44, 52, 76),
    (8, 40, 56, 104),
    (16, 80, 112, 176),
    (3, 39, 33, 51),
    (6, 42, 66, 54),
    (12, 36, 60, 84),
    (24, 72, 120, 168),
    (32, 160, 224, 352),
    (48, 144, 240, 336),
    (64, 320, 448, 704),
    (96, 288, 480, 672),
)
"""A multiple, and widths that are multiples of it and of no larger one in the list.

They lie apart: a width that is divided, rounded and then shared by groups may work at two neighbours by chance.
"""
SHORT_LENGTHS = (1, 2, 3, 4, 5, 6, 7)
"""Lengths of position axes below those that all else is probed at, in multiples of what they must be."""


def find_width_multiple(construction: Construction, layout: Layout, stride: int) -> int:
    """The smallest listed number of which widths must be multiples, each seen at widths of its own."""
    reason = ""
    for multiple, *widths in WIDTHS_BY_MULTIPLE:
        pairs = zip(widths, [*widths[1:], widths[0]], strict=True)
        try:
            subjects = (construction.subject(layout, *construction.widths(*pair)) for pair in pairs)
            if all(stride_at(subject, sizes_of(layout).base) == stride for subject in subjects):
                return multiple
        except Exception as error:  # noqa: BLE001 - mined code may raise anything
            reason = describe(error)
    raise ContractError(f"works at one width only; at another: {reason}")


def find_min_width(construction: Construction, subject: Subject, stride: int, multiple: int) -> int:
    """The smallest listed width that works: a number of heads found by dividing is zero below a width of its own."""
    base = sizes_of(subject.layout).base
    for width in NARROW_WIDTHS:
        if width % multiple:
            continue
        try:
            if stride_at(construction.subject(subject.layout, *construction.widths(width, width)), base) == stride:
                return width
        except Exception as error:  # noqa: BLE001 - mined code may raise anything; a width that fails is the finding
            note(f"not at width {width}", error)
    return min(subject.in_width, subject.out_width)


def find_position_multiple(subject: Subject, stride: int) -> int:
    """The smallest listed number of which the positions must be multiples."""
    for multiple, positions in subject.sizes.uneven:
        if multiple % stride == 0 and keeps_stride(subject, positions, stride):
            return multiple
    return 8


def find_min_positions(subject: Subject, stride: int, multiple: int) -> int:
    """The least length of the position axes at which it works: a kernel without padding is larger than a small map."""
    base = subject.sizes.base
    for length in (multiple * short for short in SHORT_LENGTHS):
        if length >= min(base, default=1):
            break
        if keeps_stride(subject, (length,) * len(base), stride):
            return length
    return min(base, default=1)


def keeps_stride(subject: Subject, positions: Positions, stride: int) -> bool:
    """Whether the module shrinks these positions by the same ratio."""
    try:
        return stride_at(subject, positions) == stride
    except Exception as error:  # noqa: BLE001 - a size that doesn't work is the finding
        note(f"not at positions {positions}", error)
        return False
