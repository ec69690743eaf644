"""Templates of modules that are built for the number of their host's positions. Child side.

Token mixers, spatial gates, tables of positions and windows as large as the map take that number, or a map's height and
width. Which parameter does is told by its name; the probe finds whether it is so, by building the module anew for every
number of positions that it tests.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from archgraft.evaluator.conventions import Template
from archgraft.tree_ops.contract import Role
from archgraft.tree_ops.expressions import Expression
from archgraft.tree_ops.spec import Parameter

_COUNT = re.compile(
    r"(n|num)_?(tokens?|patches|positions|pixels|nodes)|(seq|sequence|context|token)_?(len|length|size)|seq_dim|length|n|l"
)
_SIZE = re.compile(
    r"((input|feat|feature|fmap|image|img|map|spatial|grid|win|window|attn|block)_?)(resolution|size|shape|hw|dims)"
    r"|(.*_)?resolution|window|ws|hw"
)
_SIZES: tuple[Any, ...] = (Expression("(map_height, map_width)"), Role("side"), Expression("(side, side)"))


def sized_templates(proposals: Iterable[Template], parameters: Sequence[Parameter]) -> Iterator[Template]:
    """The proposals with the host's positions where a name asks for them; nothing for those without such a name."""
    usable = [p for p in parameters if p.kind in ("positional", "keyword")]
    counts = [p.name for p in usable if _asks(p, _COUNT)]
    sizes = [p.name for p in usable if _asks(p, _SIZE)]
    given = list(proposals)
    for size in _SIZES if sizes else (None,):
        sized = {**dict.fromkeys(counts, Role("n_positions")), **dict.fromkeys(sizes, size)}
        for template in given if sized else ():
            yield (*((name, value) for name, value in template if name not in sized), *sized.items())


def _asks(parameter: Parameter, pattern: re.Pattern[str]) -> bool:
    name = parameter.name.lower()
    return pattern.fullmatch(name) is not None and parameter.annotation not in ("bool", "str", "float")
