"""The imports at the top of emitted source: the standard library first, sorted, each thing once."""

import sys
from collections.abc import Collection, Iterable, Mapping

from archgraft.tree_ops.index import External


def import_block(
    names: Mapping[External, str], dotted: Collection[str], modules: Iterable[External], *, postponed: bool
) -> str:
    """Import statements for `names`; `dotted` are `import a.b.c`, `modules` those known to be modules."""
    known_modules = set(modules)
    plain = {f"import {name}" for name in dotted}
    members: dict[str, set[str]] = {}
    for external, name in names.items():
        parent, _, last = external.target.rpartition(".")
        if not parent and name == last and any(other.startswith(f"{name}.") for other in dotted):
            continue  # `import a.b` binds `a`, too
        if not parent:
            plain.add(f"import {last}" if name == last else f"import {last} as {name}")
        elif external in known_modules and name != last:
            plain.add(f"import {external.target} as {name}")
        else:
            members.setdefault(parent, set()).add(last if name == last else f"{last} as {name}")
    lines = [*plain, *(_from_line(parent, sorted(found, key=_member_key)) for parent, found in members.items())]
    blocks = [["from __future__ import annotations"] if postponed else []]
    for is_standard in (True, False):
        block = [line for line in lines if (_package(line) in sys.stdlib_module_names) == is_standard]
        blocks.append(sorted(block, key=lambda line: (line.startswith("from "), line)))
    return "\n\n".join("\n".join(block) for block in blocks if block)


def guarded_import(external: External, name: str) -> str:
    """An import that may fail: a class of that name, which nothing is an instance of, then stands in."""
    parent, _, last = external.target.rpartition(".")
    line = f"from {parent} import {last}" if parent else f"import {last}"
    line += "" if name == last else f" as {name}"
    package = external.target.partition(".")[0]
    return f"try:\n    {line}\nexcept ImportError:  # only some uses need {package}\n\n    class {name}:\n        pass"


def _package(line: str) -> str:
    return line.split()[1].partition(".")[0]


def _member_key(name: str) -> tuple[bool, str]:
    return name[0].islower(), name


def _from_line(parent: str, members: list[str]) -> str:
    line = f"from {parent} import {', '.join(members)}"
    if len(line) <= 120:
        return line
    return f"from {parent} import (\n" + "".join(f"    {member},\n" for member in members) + ")"
