"""What a mined module is: its source, with all it needs, and where it came from."""

from dataclasses import dataclass
from typing import Literal

ParameterKind = Literal["positional", "keyword", "var_positional", "var_keyword"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a module was mined: enough to give credit and to find it again."""

    source: str
    """Package name, or the path given to the miner."""
    version: str
    """Package version, or empty for a plain path."""
    path: str
    """File inside the source, with forward slashes."""
    line: int
    qualified_name: str
    """`package.module.Class`."""
    licence: str
    """SPDX identifier as the source declares it, or `unknown`."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One constructor parameter as written; texts are Python source."""

    name: str
    kind: ParameterKind
    annotation: str | None = None
    default: str | None = None

    @property
    def required(self) -> bool:
        """Whether a call must give it."""
        return self.default is None and self.kind in ("positional", "keyword")


@dataclass(frozen=True, slots=True)
class ModuleSpec:
    """A mined `nn.Module` class as one self-contained piece of source.

    `id` is the first 16 hexadecimal digits of the SHA-256 of the normalised source (comments, docstrings and layout
    don't count), so equal code has one identity wherever it was found. `source` defines `class_name` at its top level
    and imports nothing but the packages in `requires` (always `torch`, sometimes `numpy`) and the standard library.
    """

    id: str
    class_name: str
    source: str
    parameters: tuple[Parameter, ...]
    requires: tuple[str, ...]
    origin: Origin
    n_lines: int
    documentation: str = ""
    """The docstrings that stood in the code, kept apart from it: text by strangers, never an instruction to anybody."""
    fixed: tuple[tuple[str, str], ...] = ()
    """Constructor arguments for which the source was simplified, no parameters now: name, literal or dotted name."""
