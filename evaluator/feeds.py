"""What the further inputs of a module may be given, so that one tensor in, one tensor out is all that a host sees."""

import itertools
import re
from collections.abc import Sequence

from archgraft.tree_ops.contract import Feed

MAX_EXTRA = 4
MAX_WAYS = 4

_NONE = re.compile(r".*(mask|bias|padding|cache|past|state|rel_pos|rope|rotary|pos_emb|position_embedding|cos|sin).*")
_HEIGHT = re.compile(r"h|height|nh|n_h|.*_h|.*_height|ht|hh")
_WIDTH = re.compile(r"w|width|nw|n_w|.*_w|.*_width|wt|ww")
_SIZE = re.compile(r"(.*_)?(size|hw|shape|shapes|resolution|dims|dimensions|grid)(_.*)?")
_LENGTH = re.compile(r"n|(seq_?)?len(gth)?|n_tokens|num_tokens|num_patches|t")


def feeds_for(names: Sequence[str]) -> tuple[tuple[Feed, ...], ...]:
    """Ways to feed inputs of these names, the likeliest first; none for more than a few."""
    if len(names) > MAX_EXTRA:
        return ()
    return tuple(itertools.islice(itertools.product(*map(_choices, names)), MAX_WAYS))


def _choices(name: str) -> tuple[Feed, ...]:
    name = name.lower()
    patterns: tuple[tuple[re.Pattern[str], Feed], ...] = (
        (_NONE, "none"),
        (_HEIGHT, "height"),
        (_WIDTH, "width"),
        (_SIZE, "size"),
        (_LENGTH, "length"),
    )
    known = next((feed for pattern, feed in patterns if pattern.fullmatch(name)), None)
    return (known, "same") if known is not None else ("same", "none")
