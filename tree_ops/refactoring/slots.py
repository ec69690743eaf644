"""Statements that set modules in their slots under `self`, in a loop where that is shorter."""

from collections.abc import Callable, Collection, Mapping, Sequence

_INDEXED = ("torch.nn.ModuleList", "torch.nn.Sequential")


def assignments(
    paths: Sequence[str],
    text_of: Callable[[str, str], str],
    kind_of: Mapping[str, str],
    used: Collection[str],
    indent: str,
) -> tuple[str, ...]:
    """One statement for each run of slots that differ in one index and are given the same.

    `text_of` gives the expression for a slot, told how the slot itself is written; `kind_of` the class at each path.
    """
    statements: list[str] = []
    pending = list(paths)
    while pending:
        first = pending[0]
        family = _family(first, pending, kind_of)
        looped = _loop(family, text_of, kind_of, used, indent) if len(family) > 1 else None
        if looped is None:
            target = _written(first, kind_of)
            statements.append(f"{target} = {text_of(first, target)}")
            pending.remove(first)
        else:
            statements.append(looped)
            pending = [path for path in pending if path not in family]
    return tuple(statements)


def _family(first: str, paths: Sequence[str], kind_of: Mapping[str, str]) -> list[str]:
    """The paths that differ from the first in one and the same index of a container."""
    parts = first.split(".")
    best = [first]
    for place, part in enumerate(parts):
        if part.isdigit() and kind_of.get(".".join(parts[:place])) in _INDEXED:
            alike = [path for path in paths if _without(path, place) == _without(first, place)]
            best = max(best, alike, key=len)
    return best


def _without(path: str, place: int) -> tuple[str, ...]:
    parts = path.split(".")
    return (*parts[:place], "*", *parts[place + 1 :])


def _loop(
    family: Sequence[str],
    text_of: Callable[[str, str], str],
    kind_of: Mapping[str, str],
    used: Collection[str],
    indent: str,
) -> str | None:
    """One loop that sets all of them; None when they are not given the same."""
    columns = list(zip(*(path.split(".") for path in family)))
    place = next(number for number, column in enumerate(columns) if len(set(column)) > 1)
    indices = [int(part) for part in columns[place]]
    container = ".".join(family[0].split(".")[:place])
    rest = family[0].split(".")[place + 1 :]
    n_held = sum(path.rpartition(".")[0] == container and path.rpartition(".")[2].isdigit() for path in kind_of)
    is_run = indices == list(range(indices[0], indices[0] + len(indices)))
    held = _written(container, kind_of)
    if rest and is_run:
        variable = _variable(container, used)
        first = str(indices[0]) if indices[0] else ""
        last = str(indices[-1] + 1) if indices[-1] + 1 < n_held else ""
        over = held if not first and not last else f"{held}[{first}:{last}]"
        target = variable + _written(".".join(rest), _below(kind_of, family[0], rest)).removeprefix("self")
    else:
        variable = next(name for name in ("i", "index", "number") if name not in used)
        over = f"range({', '.join(map(str, _bounds(indices)))})" if is_run else f"({', '.join(map(str, indices))})"
        below = _written(".".join(rest), _below(kind_of, family[0], rest)).removeprefix("self") if rest else ""
        target = f"{held}[{variable}]{below}"
    texts = {text_of(path, target) for path in family}
    return f"for {variable} in {over}:\n{indent}{target} = {texts.pop()}" if len(texts) == 1 else None


def _bounds(indices: Sequence[int]) -> list[int]:
    return [indices[-1] + 1] if not indices[0] else [indices[0], indices[-1] + 1]


def _below(kind_of: Mapping[str, str], path: str, rest: Sequence[str]) -> dict[str, str]:
    """The classes at the paths below the container's element."""
    prefix = path.removesuffix("." + ".".join(rest))
    return {one.removeprefix(prefix).lstrip("."): kind for one, kind in kind_of.items() if one.startswith(prefix)}


def _variable(container: str, used: Collection[str]) -> str:
    """What one calls an element of `blocks`: `block`."""
    last = next((part for part in reversed(container.split(".")) if not part.isdigit()), "module")
    singular = last[:-1] if last.endswith("s") and len(last) > 2 else "module"
    return next(name for name in (singular, "module", "child", f"{singular}_module") if name not in used)


def _written(path: str, kind_of: Mapping[str, str]) -> str:
    """A path under `self` as Python."""
    text, parts = "self", path.split(".") if path else []
    for number, part in enumerate(parts):
        kind = kind_of.get(".".join(parts[:number]), "")
        if kind == "torch.nn.ModuleDict":
            text += f'["{part}"]'
        else:
            text += f"[{part}]" if part.isdigit() else f".{part}"
    return text
