"""The JSON objects in a model's reply: models like to add prose, code fences and thoughts."""

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

_MAX_READ = 20_000
_MAX_OBJECTS = 20
_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)


def objects_in(text: str) -> Iterator[dict[str, Any]]:
    """The objects in a text, at whatever place they begin; of what is endless, those at its start."""
    text = _THOUGHT.sub("", text[:_MAX_READ])
    decoder = json.JSONDecoder()
    for brace in itertools.islice(re.finditer(r"\{", text), _MAX_OBJECTS):
        try:
            found, _ = decoder.raw_decode(text, brace.start())
        except (ValueError, RecursionError):
            continue
        yield found
