"""Options behind a task's place: `text:book.txt?length=128`, written as in an address."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from archgraft.evaluator.tasks.protocol import TaskError


@dataclass(frozen=True, slots=True)
class Options:
    """What a user wrote behind the question mark. `known` says, for messages, what could have been."""

    given: Mapping[str, str]
    reference: str

    @classmethod
    def parse(cls, reference: str, known: tuple[str, ...]) -> tuple[str, "Options"]:
        """The place, and the options behind it. Raises `TaskError` for an option that isn't among `known`."""
        place, mark, query = reference.partition("?")
        try:
            given = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True)) if mark else {}
        except ValueError:
            raise TaskError(f"{reference}: write options as ?name=value&name=value") from None
        for name in given:
            if name not in known:
                raise TaskError(f"{reference}: there is no option {name}; there are {', '.join(known)}")
        return place, cls(given, reference)

    def text(self, name: str, otherwise: str = "") -> str:
        """An option as it was written."""
        return self.given.get(name, otherwise)

    def whole(self, name: str, otherwise: int, *, at_least: int) -> int:
        """An option as a whole number. Raises `TaskError`."""
        written = self.given.get(name, str(otherwise))
        if not written.isdecimal() or int(written) < at_least:
            raise TaskError(f"{self.reference}: {name} must be a whole number of at least {at_least}, got {written!r}")
        return int(written)
