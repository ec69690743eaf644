"""The question that a language model is asked: messages from plain data, and the schema of its answer.

Labels and summaries hold class names from mined source, so all text is untrusted: control and formatting characters
are dropped, lengths are capped, and `<` and `&` are escaped everywhere, so that no text can close the tag it stands in.
"""

import functools
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

_FILE = "choose.jinja"
_DEPTHS = ("early", "middle", "late")
_MAX_LINE = 300
_MAX_LINES = 200


def render(question: Mapping[str, Any]) -> list[dict[str, str]]:
    """The system and the user message that ask the question.

    Keys: `task`, `parent_summary`, `operator`, `family` (text), `depth_band` (0, 1, 2), `history` (lines), `options`
    (mappings with `id`, `label`, `parameter_change`, `prior_percent`).
    """
    context = {**question, "depth": _DEPTHS[question["depth_band"]]}
    return [message("system", "system", context), message("user", "user", context)]


def render_retry(problem: str, options: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The message that says what was wrong with an answer, and asks again."""
    return message("user", "retry", {"problem": problem, "options": options})


def answer_schema(ids: Sequence[str]) -> dict[str, Any]:
    """JSON schema of an answer: one of the ids, and a reason."""
    return {
        "type": "object",
        "properties": {"option": {"type": "string", "enum": list(ids)}, "reason": {"type": "string"}},
        "required": ["option", "reason"],
        "additionalProperties": False,
    }


def plain_line(text: str, max_characters: int = _MAX_LINE) -> str:
    """The text on one line, without control and formatting characters, cut to so many characters."""
    spaced = "".join(" " if character.isspace() else character for character in text[: 4 * max_characters])
    # Cc controls, Cf invisible formatting (direction marks, zero widths, tags), Cs surrogates, Co private use.
    kept = (one for one in spaced if unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    line = " ".join("".join(kept).split())
    return line if len(line) <= max_characters else line[: max_characters - 1] + "…"


def _plain_lines(text: str) -> str:
    """The text line by line, its indentation kept, cut to so many lines."""
    lines = text.split("\n")
    cut = [" " * (len(line) - len(line.lstrip(" "))) + plain_line(line) for line in lines[:_MAX_LINES]]
    more = [f"({len(lines) - _MAX_LINES} more lines)"] if len(lines) > _MAX_LINES else []
    return "\n".join(cut + more)


def message(role: str, block: str, context: Mapping[str, Any], file: str = _FILE) -> dict[str, str]:
    """One block of a template, with all values escaped and cut."""
    template = _environment().get_template(file)
    text = "".join(template.blocks[block](template.new_context(dict(context))))
    return {"role": role, "content": text}


@functools.cache
def _environment() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, finalize=_escaped)
    environment.filters["line"] = plain_line
    environment.filters["lines"] = _plain_lines
    return environment


def _escaped(value: object) -> object:
    """What every value in a template goes through; jinja2's own autoescaping would also garble `>` and `'`."""
    return value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;") if isinstance(value, str) else value
