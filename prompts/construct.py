"""The question for constructor arguments: messages from plain data, and the schema of the answer.

Names and annotations come from mined source and are untrusted: they are escaped and cut as all values are
(`archgraft.prompts.choose`), and the answer speaks of numbered parameters and values only.
"""

from collections.abc import Mapping
from typing import Any

from archgraft.prompts.choose import message

_FILE = "construct.jinja"


def render_construction(question: Mapping[str, Any]) -> list[dict[str, str]]:
    """The system and the user message that ask the question.

    Keys: `class_name`, `reason` (text), `parameters` (mappings with `name` and `annotation`), `values` (texts).
    """
    return [message("system", "system", question, _FILE), message("user", "user", question, _FILE)]


def construction_schema(n_parameters: int, n_values: int) -> dict[str, Any]:
    """JSON schema of an answer: for each parameter the number of one value."""
    ids = [f"v{number}" for number in range(n_values)]
    names = [f"p{number}" for number in range(n_parameters)]
    return {
        "type": "object",
        "properties": {name: {"type": "string", "enum": ids} for name in names},
        "required": names,
        "additionalProperties": False,
    }
