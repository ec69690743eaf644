"""An expression that was broken over lines, put on one again."""

import io
import tokenize
from keyword import iskeyword

_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")


def one_line(expression: str) -> str:
    """The expression on one line. One that holds comments, or texts of several lines, stays as it is."""
    if "\n" not in expression:
        return expression
    tokens = [
        token
        for token in tokenize.generate_tokens(io.StringIO(f"({expression}\n)").readline)
        if token.type not in (tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER)
    ][1:-1]
    if any(token.type == tokenize.COMMENT or "\n" in token.string for token in tokens):
        return expression
    parts: list[str] = []
    calls: list[bool] = []  # of each open bracket, whether a call or an index stands in front of it
    for index, token in enumerate(tokens):
        before = tokens[index - 1] if index else None
        if before is not None:
            same_line = before.end[0] == token.start[0]
            bare = before.string in _OPENING or token.string in _CLOSING
            parts.append(" " * (token.start[1] - before.end[1]) if same_line else "" if bare else " ")
        if token.string in _CLOSING and calls.pop() and before is not None and before.string == ",":
            del parts[-2:]
        if token.string in _OPENING:
            calls.append(before is not None and _is_callee(before))
        parts.append(token.string)
    return "".join(parts)


def _is_callee(token: tokenize.TokenInfo) -> bool:
    return token.string in _CLOSING or (token.type == tokenize.NAME and not iskeyword(token.string))
