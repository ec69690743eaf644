"""Other people's text on a terminal: nothing in it may move the cursor, change colours, or hide what stands there."""

import unicodedata

_KEPT = "\n\t"
_DANGEROUS = ("Cc", "Cf", "Cs", "Co")
"""Controls, invisible formatting (direction marks that reorder code, zero widths), surrogates, private use."""


def printable(text: str) -> str:
    """The text with every such character written as its escape."""
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    if character in _KEPT or unicodedata.category(character) not in _DANGEROUS:
        return character
    return character.encode("unicode_escape").decode("ascii")
