"""What `typing` itself has from Python 3.11 on, under the names of the backport."""

from typing import (
    Annotated,
    Any,
    Callable,
    ClassVar,
    Concatenate,
    Dict,
    Final,
    Generic,
    List,
    Literal,
    LiteralString,
    NamedTuple,
    Never,
    NewType,
    NotRequired,
    Optional,
    ParamSpec,
    Protocol,
    Required,
    Self,
    Type,
    TypeAlias,
    TypedDict,
    TypeGuard,
    TypeVar,
    TypeVarTuple,
    Union,
    Unpack,
    cast,
    dataclass_transform,
    final,
    get_args,
    get_origin,
    get_type_hints,
    overload,
    runtime_checkable,
)


def override(method):
    """A note for type checkers."""
    return method


def deprecated(message, **options):
    """A note for users of the original: no warning here."""

    def keep(decorated):
        return decorated

    return keep
