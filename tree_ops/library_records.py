"""What a library gives out: modules, rejections, counts; and what may be asked of its modules."""

from dataclasses import dataclass
from typing import Any, Literal

from archgraft.tree_ops.contract import Contract, Family, Kind, Layout
from archgraft.tree_ops.spec import ModuleSpec, Origin


@dataclass(frozen=True, slots=True)
class LibraryModule:
    """A mined module with its contract. `origins` are all places where its code was found; the spec has the first.

    A module that is not verified was imported: its contract is what the file said, and no probe has confirmed it.
    """

    spec: ModuleSpec
    contract: Contract
    origins: tuple[Origin, ...]
    is_verified: bool = True

    @property
    def id(self) -> str:
        """The spec's."""
        return self.spec.id


@dataclass(frozen=True, slots=True)
class Rejection:
    """A class that was mined in vain: in which step (`kind`), and why."""

    source: str
    version: str
    qualified_name: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """What a library holds of one source."""

    source: str
    version: str
    n_classes: int
    n_modules: int
    by_family: tuple[tuple[str, int], ...]
    by_rejection: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Licence:
    """The text of a source's licence; `id` is the start of its SHA-256."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class LicenceOfSource:
    """A licence text, and a source that it belongs to."""

    source: str
    version: str
    text: str


Absorbed = Literal["added", "verified", "known", "conflict", "taken"]
"""What became of a module from elsewhere: new here; known here, and now verified; known; known with another contract,
which stays; not taken, because at all of its places this library has other code."""


_CONDITIONS = {
    "family": "family = :family",
    "layout": "layout = :layout",
    "kind": "coalesce(json_extract(contract, '$.kind'), 'layer') = :kind",
    "width": "json_extract(contract, '$.width') = :width",
    "causal": "json_extract(contract, '$.causal') = :causal",
    "stride": "json_extract(contract, '$.spatial_stride') = :stride",
    "max_lines": "n_lines <= :max_lines",
    "max_parameters": "json_extract(contract, '$.n_parameters') <= :max_parameters",
    "source": "exists (select 1 from origins where module_id = modules.id and source = :source)",
    "licence": "exists (select 1 from origins where module_id = modules.id and lower(licence) = lower(:licence))",
    "text": """(instr(lower(modules.source), lower(:text)) or instr(lower(documentation), lower(:text)) or exists (
        select 1 from origins where module_id = modules.id and instr(lower(qualified_name), lower(:text))))""",
}


@dataclass(frozen=True, slots=True)
class ModuleFilter:
    """What modules must be to be given out; None asks nothing.

    `text` is looked for in names, source and documentation, ignoring case; `licence` is an SPDX identifier of any of
    the origins; `max_parameters` counts those at the probe's widths.
    """

    family: Family | None = None
    layout: Layout | None = None
    kind: Kind | None = None
    width: Literal["preserve", "project"] | None = None
    causal: bool | None = None
    stride: int | None = None
    max_lines: int | None = None
    max_parameters: int | None = None
    source: str | None = None
    licence: str | None = None
    text: str | None = None

    def condition(self) -> tuple[str, dict[str, Any]]:
        """The filter in SQL over the table `modules`, and its values."""
        asked = {name: getattr(self, name) for name in _CONDITIONS if getattr(self, name) is not None}
        return " and ".join([_CONDITIONS[name] for name in asked] or ["true"]), asked
