"""Contracts as JSON: how they travel out of the sandbox and lie in a library.

Literals are kept as Python source, so that tuples stay tuples. The child only writes; what the parent reads is
validated, and pydantic, which takes a while to import, is left to the reader.
"""

from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

from archgraft.tree_ops.contract import Contract, Role
from archgraft.tree_ops.syntax import literal

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def contract_to_json(contract: Contract) -> dict[str, Any]:
    """Plain JSON data. Raises `ValueError` when the template holds anything but literals and roles."""
    fields = {name: getattr(contract, name) for name in Contract.__slots__}
    fields["template"] = [[name, _value_to_json(value)] for name, value in contract.template]
    fields["probe_widths"] = list(contract.probe_widths)
    fields["probe_positions"] = list(contract.probe_positions)
    return fields


def contract_from_json(fields: Any) -> Contract:
    """The contract of data that nobody vouches for. Raises `ValueError` when it is not one."""
    if not isinstance(fields, dict) or not isinstance(fields.get("template"), list):
        raise ValueError("a contract is an object with a template")
    template = tuple((str(name), _value_from_json(value)) for name, value in fields["template"])
    return _contract_adapter().validate_python({**fields, "template": template})


def _value_to_json(value: Any) -> dict[str, Any]:
    if isinstance(value, Role):
        return asdict(value)
    text = repr(value)
    literal(text)
    return {"literal": text}


def _value_from_json(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"a template value is an object, but got {value!r}")
    if "literal" in value:
        return literal(str(value["literal"]))
    return _role_adapter().validate_python(value)


@cache
def _contract_adapter() -> "TypeAdapter[Contract]":
    from pydantic import TypeAdapter

    return TypeAdapter(Contract)


@cache
def _role_adapter() -> "TypeAdapter[Role]":
    from pydantic import TypeAdapter

    return TypeAdapter(Role)
