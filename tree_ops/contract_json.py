"""Contracts as JSON: how they travel out of the sandbox and lie in a library.

Literals are kept as Python source, so that tuples stay tuples. The child only writes; what the parent reads is
validated, and pydantic, which takes a while to import, is left to the reader.
"""

import keyword
import re
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

from archgraft.tree_ops.contract import Contract, Role
from archgraft.tree_ops.expressions import Expression
from archgraft.tree_ops.syntax import literal

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_LARGEST = 2**31
_FINGERPRINT = re.compile(r"([0-9a-f]{16})?")


def contract_to_json(contract: Contract) -> dict[str, Any]:
    """Plain JSON data. Raises `ValueError` when the template holds anything but literals, roles and expressions."""
    fields = {name: getattr(contract, name) for name in Contract.__slots__}
    fields["template"] = template_to_json(contract.template)
    for name in ("probe_widths", "probe_positions", "width_scale", "feeds"):
        fields[name] = list(fields[name])
    return fields


def contract_from_json(fields: Any) -> Contract:
    """The contract of data that nobody vouches for. Raises `ValueError` when it is not one."""
    if not isinstance(fields, dict) or not isinstance(fields.get("template"), list):
        raise ValueError("a contract is an object with a template")
    template = template_from_json(fields["template"])
    contract = _contract_adapter().validate_python({**fields, "template": template})
    _check_ranges(contract)
    return contract


def template_from_json(fields: list[Any]) -> tuple[tuple[str, Any], ...]:
    """A template of data that nobody vouches for. Raises `ValueError` when it is none."""
    return tuple((_argument_name(name), _value_from_json(value)) for name, value in fields)


def template_to_json(template: tuple[tuple[str, Any], ...]) -> list[Any]:
    """Plain JSON data. Raises `ValueError` when a template holds anything but literals, roles and expressions."""
    return [[name, _value_to_json(value)] for name, value in template]


def _argument_name(name: Any) -> str:
    """Names become source when a module is grafted, so that anything but a name could be code."""
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        raise ValueError(f"{name!r} is no argument's name")
    return name


def _check_ranges(contract: Contract) -> None:
    """Numbers that others divide by, or scale with."""
    names = ("width_multiple", "spatial_stride", "position_multiple", "min_width", "min_positions")
    numbers = {name: getattr(contract, name) for name in names}
    numbers |= {f"probe_widths[{place}]": width for place, width in enumerate(contract.probe_widths)}
    numbers |= {f"width_scale[{place}]": number for place, number in enumerate(contract.width_scale)}
    numbers |= {f"probe_positions[{place}]": length for place, length in enumerate(contract.probe_positions)}
    for _, value in contract.template:
        if isinstance(value, Role):
            numbers |= {f"{value.role}.factor": value.factor, f"{value.role}.divisor": value.divisor}
    for name, number in numbers.items():
        if not 1 <= number <= _LARGEST:
            raise ValueError(f"{name} must be between 1 and {_LARGEST}, but got {number}")
    if not contract.probe_widths or contract.n_parameters < 0 or contract.flops < 0:
        raise ValueError("a contract has probe widths, and no costs below zero")
    if not _FINGERPRINT.fullmatch(contract.fingerprint):
        raise ValueError(f"{contract.fingerprint!r} is no fingerprint")


def _value_to_json(value: Any) -> dict[str, Any]:
    if isinstance(value, Role):
        return asdict(value)
    if isinstance(value, Expression):
        return {"expression": value.text}
    text = repr(value)
    literal(text)
    return {"literal": text}


def _value_from_json(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"a template value is an object, but got {value!r}")
    if "literal" in value:
        return literal(str(value["literal"]))
    if "expression" in value:
        return Expression(value["expression"])
    return _role_adapter().validate_python(value)


@cache
def _contract_adapter() -> "TypeAdapter[Contract]":
    from pydantic import TypeAdapter

    return TypeAdapter(Contract)


@cache
def _role_adapter() -> "TypeAdapter[Role]":
    from pydantic import TypeAdapter

    return TypeAdapter(Role)
