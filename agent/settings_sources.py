"""Where settings come from: the defaults, then one TOML file, then `--set section.name=value`, the last one winning."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from archgraft.agent.errors import UsageError
from archgraft.agent.settings import Settings, fields_by_key, type_in_words, with_values


def load_settings(file: Path | None = None, overrides: Sequence[str] = ()) -> Settings:
    """The settings of a TOML file and of `section.name=value` overrides. Raises `UsageError`."""
    settings = Settings() if file is None else _from_file(file)
    return with_values(settings, dict(_override(text) for text in overrides))


def _from_file(file: Path) -> Settings:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"settings file {file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"settings file {file}: not TOML: {error}") from None
    try:
        return with_values(Settings(), dict(_entries(document)))
    except UsageError as error:
        raise UsageError(f"settings file {file}: {error}") from None


def _entries(document: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for section, content in document.items():
        if not isinstance(content, Mapping):
            raise unknown_key(section)
        for name, value in content.items():
            key = _known(f"{section}.{name}")
            yield key, None if value == "none" and _may_be_none(key) else value


def _override(text: str) -> tuple[str, object]:
    key, separator, value = (part.strip() for part in text.partition("="))
    if not separator:
        raise UsageError(f"--set {text!r} is not KEY=VALUE; for example: --set search.slots=4")
    return _known(key), _read(key, value)


def _read(key: str, value: str) -> object:
    """The text as the value that its key takes: numbers and truth values as in TOML, all else as it stands."""
    if value == "none" and _may_be_none(key):
        return None
    try:
        document = tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        return value
    read: object = document["value"]
    as_it_stands = len(document) > 1 or (type_in_words(key).startswith("text") and not isinstance(read, str))
    return value if as_it_stands else read


def _may_be_none(key: str) -> bool:
    return type_in_words(key).endswith("or none")


def _known(key: str) -> str:
    if key not in fields_by_key():
        raise unknown_key(key)
    return key


def unknown_key(key: str) -> UsageError:
    """The error for a key that is none, with the nearest one that is."""
    known = list(fields_by_key())
    same_name = [other for other in known if other.partition(".")[2] == key.rpartition(".")[2]]
    near = same_name or difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    advice = f"did you mean {near[0]}?" if near else f"the keys are {', '.join(known)}"
    return UsageError(f"unknown setting {key!r}; {advice}")
