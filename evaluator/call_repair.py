"""What to change about a call's inputs, as told by the error that it raised. Child side; pure data in, data out.

Torch says which size it wanted and which it got; einops and unpacking say how many axes. Each repair is a proposal: the
trial runs it like any other.
"""

import copy
import re
from collections.abc import Iterator, Sequence
from typing import Any

from archgraft.evaluator.inputs import InputSpec, plain, tensor

Inputs = list[tuple[str, InputSpec]]

_MATMUL = re.compile(r"shapes cannot be multiplied \((\d+)x(\d+) and (\d+)x(\d+)\)")
_CHANNELS = re.compile(r"expected input\[([\d, ]+)\] to have (\d+) channels, but got (\d+) channels")
_NORMALIZED = re.compile(r"normalized_shape=\[([\d, ]+)\].* got input of size\s*\[([\d, ]+)\]", re.DOTALL)
_BATCH_NORM = re.compile(r"running_mean should contain (\d+) elements not (\d+)")
_BATCH_NORM_RANK = re.compile(r"expected (\d)D(?: or (\d)D)? input \(got (\d)D input\)")
_RANK = re.compile(r"Expected (\d)D.*?(\d)D.*?(?:input to|got input of size|got)")
_UNPACK_FEW = re.compile(r"not enough values to unpack \(expected (\d+)(?:, got (\d+))?\)")
_UNPACK_MANY = re.compile(r"too many values to unpack \(expected (\d+)(?:, got (\d+))?\)")
_LAST = re.compile(r"input\.size\(-1\) must be equal to input_size\. Expected (\d+), got (\d+)")
_SIZES = re.compile(r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\)")
_SCALAR_TYPE = re.compile(
    r"(scalar types?: Long|indices must be|Long, Int|expected.*Long|index tensors|tensors used as indices)"
)
_NOT_INTEGER = re.compile(
    r"(\"\w+\" not implemented for 'Long'|result type Float can't be cast|expected scalar type Float but found Long"
    r"|mat1 and mat2 must have the same dtype|Input type \(long int\)|Found dtype Long but expected Float"
    r"|Got(?:.*)Long(?:.*)instead|only Tensors of floating point|must have the same dtype, but got Long|long int)"
)
_MISMATCH = re.compile(r"\((\d+)\S*\)?[^()]*?(?:doesn't|does not|must|should)[^()]*match[^()]*\((\d+)")
_EXPECTED = re.compile(r"[Ee]xpected[^\d]*(\d+)[^\d]+(?:got|but|found|received|instead)[^\d]*(\d+)")
_NONE = re.compile(
    r"NoneType|cannot be None|must be (?:provided|specified|given)|is required|have to specify|must specify|None"
)
_EINOPS = re.compile(r"axes does not fit '([^']*?)\s*->")
_WANTS_NUMBER = re.compile(
    r"invalid combination of arguments|argument 'size' failed|must be (int|tuple of ints)|interpreted as an integer"
    r"|only integer tensors|can be converted to Python scalars"
)
_AXES = re.compile(
    r"[Ww]rong shape: expected (\d+) dims\. Received (\d+)|expected (\d+) axes|(\d)-?D tensor"
    r"|dims?\(?\)? ?== ?(\d)|(\d)-?D (?:image|input)"
)


def repairs(inputs: Inputs, error: BaseException, optional: Inputs) -> Iterator[Inputs]:
    """Changed inputs that the error suggests, the likeliest first; `optional` are further ones that might be given."""
    text = str(error)
    given = {name.removesuffix("=") for name, _ in inputs}
    further = [(name, spec) for name, spec in optional if name.removesuffix("=") not in given]
    named = [(name, spec) for name, spec in further if re.search(rf"\b{name[:-1]}\b", text)]
    yield from ([*inputs, one] for one in named[:2])
    for wanted, got in _sizes_wanted(text):
        yield from _with_size(inputs, got, wanted)
    for rank in _ranks_wanted(text):
        yield from _with_rank(inputs, rank)
    if _SCALAR_TYPE.search(text):
        yield from _each_tensor(inputs, _as_integers, lambda spec: spec.get("dtype") != "int64")
    if _NOT_INTEGER.search(text):
        yield from _each_tensor(inputs, _as_floats, lambda spec: spec.get("dtype") == "int64")
    if "index out of range" in text or "Class values must be" in text or "out of bounds" in text:
        yield from _each_tensor(inputs, lambda spec: {**spec, "high": 2}, lambda spec: spec.get("high", 0) > 2)
    if isinstance(error, AttributeError | TypeError) and ("'Tensor'" in text or "tensor" in text.lower()):
        yield from _as_containers(inputs, text)
    if _WANTS_NUMBER.search(text):
        yield [(name, plain(16) if "tensor" in spec else spec) for name, spec in inputs]
        for number, (name, spec) in enumerate(inputs):
            if "tensor" in spec:
                yield [*inputs[:number], (name, plain(16)), *inputs[number + 1 :]]
    if _NONE.search(text):
        yield from ([*inputs, one] for one in further[:4])
        yield from _without_none(inputs)


def _sizes_wanted(text: str) -> Iterator[tuple[int, int]]:
    """(wanted, got) pairs of sizes."""
    if found := _MATMUL.search(text):
        _, got, wanted, _ = map(int, found.groups())
        yield wanted, got
    if found := _CHANNELS.search(text):
        yield int(found[2]), int(found[3])
    if found := _NORMALIZED.search(text):
        last_wanted, last_got = (int(part.replace(" ", "").split(",")[-1]) for part in found.groups())
        yield last_wanted, last_got
    if found := _BATCH_NORM.search(text):
        yield int(found[1]), int(found[2])
        yield int(found[2]), int(found[1])
    if found := _LAST.search(text):
        yield int(found[1]), int(found[2])
    if found := _SIZES.search(text):
        first, second = int(found[1]), int(found[2])
        yield second, first
        yield first, second
    for pattern in (_MISMATCH, _EXPECTED):
        if found := pattern.search(text):
            first, second = int(found[1]), int(found[2])
            yield first, second
            yield second, first


def _with_size(inputs: Inputs, got: int, wanted: int) -> Iterator[Inputs]:
    """An axis of that size changed: in all tensors at once, then in one at a time, channel axes first."""
    if got == wanted or wanted <= 0 or wanted > 4096:
        return
    everywhere = copy.deepcopy(inputs)
    places = [(spec, axis) for _, spec in everywhere for spec, axis in _axes_of(spec, got)]
    if not places:
        return
    if len(places) > 1:
        by_axis: dict[int, list[InputSpec]] = {}
        for spec, axis in places:
            by_axis.setdefault(axis - len(spec["tensor"]), []).append(spec)
        for axis, specs in by_axis.items():
            if len(specs) > 1:
                changed = copy.deepcopy(inputs)
                for _, spec in changed:
                    for one, found in _axes_of(spec, got):
                        if found - len(one["tensor"]) == axis:
                            one["tensor"][found] = wanted
                yield changed
    for number in range(len(places)):
        changed = copy.deepcopy(inputs)
        spec, axis = [place for _, one in changed for place in _axes_of(one, got)][number]
        spec["tensor"][axis] = wanted
        yield changed


def _axes_of(spec: InputSpec, size: int) -> list[tuple[InputSpec, int]]:
    found = [
        (leaf, axis) for leaf in _leaves(spec) for axis, length in enumerate(leaf["tensor"]) if length == size and axis
    ]
    return sorted(found, key=lambda place: place[1] != len(place[0]["tensor"]) - 1)


def _leaves(spec: InputSpec) -> list[InputSpec]:
    if "tensor" in spec:
        return [spec]
    items: Sequence[Any] = spec.get("tuple") or spec.get("list") or list((spec.get("dict") or {}).values())
    return [leaf for item in items for leaf in _leaves(item)]


def _ranks_wanted(text: str) -> list[int]:
    for pattern in (_BATCH_NORM_RANK, _RANK):
        if found := pattern.search(text):
            return [int(rank) for rank in found.groups()[:2] if rank][::-1]
    if found := _UNPACK_FEW.search(text) or _UNPACK_MANY.search(text):
        return [int(found[1])]
    if found := _AXES.search(text):
        return [int(rank) for rank in found.groups() if rank][:1]
    if found := _EINOPS.search(text):
        return [len(re.sub(r"\([^)]*\)", "x", found[1]).replace("...", "x").split())]
    if "Dimension out of range" in text or "permute(sparse_coo)" in text:
        return [4, 3]
    return []


def _with_rank(inputs: Inputs, rank: int) -> Iterator[Inputs]:
    for number, (_, spec) in enumerate(inputs):
        if "tensor" in spec and len(spec["tensor"]) != rank and 0 < rank <= 6:
            for shape in _shapes_of_rank(spec["tensor"], rank):
                changed = copy.deepcopy(inputs)
                changed[number][1]["tensor"] = shape
                yield changed


def _shapes_of_rank(shape: list[int], rank: int) -> list[list[int]]:
    batch, last = shape[0], shape[-1]
    channels = shape[1] if len(shape) > 2 else last
    match rank:
        case 1:
            return [[batch]]
        case 2:
            return [[batch, last], [batch, channels]]
        case 3:
            return [[batch, 16, last if len(shape) != 4 else channels], [batch, channels, 16]]
        case 4:
            width = last if len(shape) == 3 else channels
            return [[batch, width, 8, 8], [batch, 8, 8, width], [batch, 4, 16, 8]]
        case 5:
            return [
                [batch, channels, 4, *shape[-2:]] if len(shape) == 4 else [batch, last, 4, 8, 8],
                [batch, 4, 8, 8, last],
            ]
        case _:
            return [[batch, *[4] * (rank - 2), last]]


def _each_tensor(inputs: Inputs, change: Any, wanted: Any) -> Iterator[Inputs]:
    for number, (_, spec) in enumerate(inputs):
        if "tensor" in spec and wanted(spec):
            changed = copy.deepcopy(inputs)
            changed[number] = (changed[number][0], change(changed[number][1]))
            yield changed


def _as_integers(spec: InputSpec) -> InputSpec:
    shape = spec["tensor"]
    return tensor(*(shape[:2] if len(shape) > 2 else shape), dtype="int64", high=2)


def _as_floats(spec: InputSpec) -> InputSpec:
    return tensor(*spec["tensor"])


def _as_containers(inputs: Inputs, text: str) -> Iterator[Inputs]:
    """A tensor where a list or mapping was due."""
    for number, (name, spec) in enumerate(inputs):
        if "tensor" not in spec:
            continue
        options: list[InputSpec] = [{"list": [copy.deepcopy(spec) for _ in range(2)]}]
        if any(word in text for word in ("keys", "items", "values", "get", "string", "str")):
            options.insert(0, {"dict": {"0": copy.deepcopy(spec), "1": copy.deepcopy(spec)}})
        for option in options:
            changed = copy.deepcopy(inputs)
            changed[number] = (name, option)
            yield changed


def _without_none(inputs: Inputs) -> Iterator[Inputs]:
    """A tensor like the first where None was given."""
    first = next((spec for _, spec in inputs if "tensor" in spec), tensor(2, 16, 32))
    for number, (name, spec) in enumerate(inputs):
        if spec == plain(None):
            changed = copy.deepcopy(inputs)
            changed[number] = (
                name,
                tensor(*first["tensor"][:2], dtype="ones") if "mask" in name else copy.deepcopy(first),
            )
            yield changed
