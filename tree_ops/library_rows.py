"""Modules as rows of a library's tables, and back."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from archgraft.tree_ops.contract import Contract
from archgraft.tree_ops.contract_json import contract_from_json, contract_to_json
from archgraft.tree_ops.duplicates import Member
from archgraft.tree_ops.library_records import LibraryModule
from archgraft.tree_ops.normal_form import body_hash
from archgraft.tree_ops.spec import ModuleSpec, Origin, Parameter
from archgraft.tree_ops.structure import Signature

COLUMNS = (
    "id, class_name, source, parameters, requires, n_lines, contract, family, layout, documentation, fixed, body, "
    "behaviour, structure, is_verified"
)
INSERTION = f"insert into modules ({COLUMNS}) values ({', '.join('?' * len(COLUMNS.split()))})"
MEMBERS = """
    select id, layout, json_extract(contract, '$.width'), json_extract(contract, '$.spatial_stride'), body, behaviour,
        is_verified, json_extract(contract, '$.width_multiple'), json_extract(contract, '$.position_multiple'),
        json_extract(contract, '$.min_width'), coalesce(json_extract(contract, '$.square'), 0), n_lines,
        coalesce(json_extract(contract, '$.width_scale'), '[1,1]'),
        (select group_concat(distinct licence) from origins where module_id = id),
        (select source || char(10) || version || char(10) || qualified_name from origins where module_id = id
            order by source, version, qualified_name limit 1)
    from modules order by id
"""
"""What `member_of` reads: as little as grouping needs, for all modules are read at once."""


def row_of(spec: ModuleSpec, contract: Contract, *, is_verified: bool) -> tuple[Any, ...]:
    """A module's values in the order of `COLUMNS`."""
    return (
        spec.id,
        spec.class_name,
        spec.source,
        _dump([asdict(parameter) for parameter in spec.parameters]),
        _dump(list(spec.requires)),
        spec.n_lines,
        _dump(contract_to_json(contract)),
        contract.family,
        contract.layout,
        spec.documentation,
        _dump([list(pair) for pair in spec.fixed]),
        body_hash(spec.source),
        contract.fingerprint,
        Signature.of(spec.source).to_bytes(),
        is_verified,
    )


def module_of(row: Sequence[Any], origins: tuple[Origin, ...]) -> LibraryModule:
    """The module of a row of `COLUMNS`."""
    values = dict(zip(COLUMNS.split(", "), row, strict=True))
    spec = ModuleSpec(
        id=values["id"],
        class_name=values["class_name"],
        source=values["source"],
        parameters=tuple(Parameter(**fields) for fields in json.loads(values["parameters"])),
        requires=tuple(json.loads(values["requires"])),
        origin=origins[0],
        n_lines=values["n_lines"],
        documentation=values["documentation"],
        fixed=tuple((name, text) for name, text in json.loads(values["fixed"])),
    )
    contract = contract_from_json(json.loads(values["contract"]))
    return LibraryModule(spec, contract, origins, bool(values["is_verified"]))


def member_of(row: Sequence[Any]) -> Member:
    """What grouping needs to know, of a row of `MEMBERS`."""
    module_id, layout, width, stride, body, behaviour, is_verified, *multiples, n_lines, scale, licences, first = row
    return Member(
        id=module_id,
        place=(layout, width, str(stride), scale),
        body=body,
        behaviour=behaviour,
        is_verified=bool(is_verified),
        multiples=tuple(multiples),
        n_lines=n_lines,
        licences=tuple(licences.split(",")),
        first_origin=tuple(first.split("\n")),
    )


def _dump(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, sort_keys=True)
