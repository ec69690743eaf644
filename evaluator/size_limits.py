"""Which widths and positions a module works at: what they must be multiples of, and the least width. Child side."""

from archgraft.evaluator.behaviour import ContractError, Subject, stride_at
from archgraft.evaluator.causes import describe, note
from archgraft.evaluator.layouts import Positions, sizes_of
from archgraft.evaluator.way_to_build import Construction
from archgraft.tree_ops.contract import Layout

NARROW_WIDTHS = (4, 8, 12, 16, 24)
"""Widths below those that all else is probed at."""
WIDTHS_BY_MULTIPLE = (
    (1, 37, 41),
    (2, 34, 38),
    (4, 44, 52),
    (8, 40, 56),
    (16, 80, 48),
    (3, 39, 33),
    (6, 42, 66),
    (12, 36, 60),
    (24, 72, 120),
    (32, 160, 96),
    (48, 144, 240),
    (64, 192, 320),
    (96, 288, 480),
)
"""A multiple, and two widths that are multiples of it and of no larger one in the list."""


def find_width_multiple(construction: Construction, layout: Layout, stride: int) -> int:
    """The smallest listed number of which widths must be multiples, each seen at widths of its own."""
    reason = ""
    for multiple, *pair in WIDTHS_BY_MULTIPLE:
        try:
            subject = construction.subject(layout, *construction.widths(*pair))
            if stride_at(subject, sizes_of(layout).base) == stride:
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


def keeps_stride(subject: Subject, positions: Positions, stride: int) -> bool:
    """Whether the module shrinks these positions by the same ratio."""
    try:
        return stride_at(subject, positions) == stride
    except Exception as error:  # noqa: BLE001 - a size that doesn't work is the finding
        note(f"not at positions {positions}", error)
        return False
