"""Length-capped frames over a stream socket: a JSON header and raw numeric arrays, never pickle.

A frame is `MAGIC`, the header's length (4 bytes, big-endian), the header (UTF-8 JSON with `kind`, `header` and a
description of each array) and the arrays' raw little-endian bytes in the order of the description. Every size is
checked against a limit before anything is allocated.
"""

import json
import math
import struct
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from archgraft.sandbox.protocol import Message

MAGIC = b"AGF1"
PREFIX = struct.Struct("!4sI")
MAX_HEADER_BYTES = 32 * 2**20
MAX_ARRAYS = 4096
MAX_DIMENSIONS = 32
DTYPES = {name: np.dtype(name).newbyteorder("<") for name in ("float32", "float64", "int64", "int32", "uint8", "bool")}


class FrameError(ValueError):
    """The other end broke the protocol."""


class FrameTooLargeError(FrameError):
    """The other end announced more bytes than it may send."""


class FrameEndedError(FrameError):
    """The stream ended. `clean` says that it ended between two frames."""

    def __init__(self, clean: bool) -> None:
        super().__init__("the stream ended between two frames" if clean else "the stream ended inside a frame")
        self.clean = clean


class Stream(Protocol):
    """What a frame is read from and written to; a connected socket is one."""

    def recv_into(self, buffer: memoryview, /) -> int: ...
    def send(self, data: memoryview, /) -> int: ...


@dataclass(frozen=True, slots=True)
class Frame:
    """One received frame and what it weighed."""

    kind: str
    message: Message
    n_bytes: int


def send_frame(stream: Stream, kind: str, message: Message) -> None:
    """Write one frame. Raises `FrameError` when the message can't travel (dtype, size, or not JSON)."""
    arrays = {name: _as_wire(name, array) for name, array in message.arrays.items()}
    described = [{"name": n, "dtype": a.dtype.name, "shape": list(a.shape)} for n, a in arrays.items()]
    try:
        text = json.dumps({"kind": kind, "header": dict(message.header), "arrays": described})
    except (TypeError, ValueError, RecursionError) as error:
        raise FrameError(f"the header of a message must be JSON: {error}") from error
    header = text.encode()
    if len(header) > MAX_HEADER_BYTES:
        raise FrameTooLargeError(f"a header may have {MAX_HEADER_BYTES} bytes, but this one has {len(header)}")
    _send_all(stream, memoryview(PREFIX.pack(MAGIC, len(header)) + header))
    for array in arrays.values():
        if array.size:
            _send_all(stream, array.reshape(-1).view(np.uint8).data)


def receive_frame(stream: Stream, max_bytes: int) -> Frame:
    """Read one frame of at most `max_bytes`. Raises `FrameError` on anything that is not one."""
    magic, n_header = PREFIX.unpack(_receive(stream, PREFIX.size, clean=True))
    if magic != MAGIC:
        raise FrameError("the stream holds something other than frames")
    if n_header > min(max_bytes, MAX_HEADER_BYTES):
        raise FrameTooLargeError(f"a frame's header of {n_header} bytes exceeds the limit of {max_bytes}")
    kind, header, layout = _parse(bytes(_receive(stream, n_header)))
    n_bytes = n_header + sum(dtype.itemsize * math.prod(shape) for _, dtype, shape in layout)
    if n_bytes > max_bytes:
        raise FrameTooLargeError(f"a frame of {n_bytes} bytes exceeds the limit of {max_bytes}")
    arrays = {name: _receive_array(stream, dtype, shape) for name, dtype, shape in layout}
    return Frame(kind, Message(header, arrays), n_bytes)


def _as_wire(name: str, array: np.ndarray) -> np.ndarray:
    if array.dtype.name not in DTYPES:
        raise FrameError(f"array {name!r} has dtype {array.dtype}, but only {', '.join(DTYPES)} can travel")
    return np.asarray(array, dtype=DTYPES[array.dtype.name], order="C")


def _send_all(stream: Stream, data: memoryview) -> None:
    while data:
        data = data[stream.send(data) :]


def _receive(stream: Stream, n_bytes: int, clean: bool = False) -> bytearray:
    buffer = bytearray(n_bytes)
    _fill(stream, memoryview(buffer), clean)
    return buffer


def _fill(stream: Stream, view: memoryview, clean: bool = False) -> None:
    n_total = len(view)
    while view:
        n_read = stream.recv_into(view)
        if n_read == 0:
            raise FrameEndedError(clean and len(view) == n_total)
        view = view[n_read:]


def _receive_array(stream: Stream, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    array = np.empty(shape, dtype)
    if array.size:
        _fill(stream, array.reshape(-1).view(np.uint8).data)
    return array


Layout = list[tuple[str, np.dtype, tuple[int, ...]]]


def _parse(raw: bytes) -> tuple[str, dict[str, Any], Layout]:
    try:
        text = raw.decode()
        parsed = json.loads(text)
        if "\\ud" in text or "\\uD" in text:  # maybe half of a character, which no file and no database takes
            json.dumps(parsed, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise FrameError(f"a frame's header is not JSON: {error}") from error
    match parsed:
        case {"kind": str(kind), "header": dict(header), "arrays": list(described)} if len(parsed) == 3:
            return kind, header, _parse_layout(described)
    raise FrameError("a frame's header must hold kind, header and arrays, and nothing else")


def _parse_layout(described: list[Any]) -> Layout:
    if len(described) > MAX_ARRAYS:
        raise FrameTooLargeError(f"a frame of {len(described)} arrays exceeds the limit of {MAX_ARRAYS}")
    layout = [_parse_array(item) for item in described]
    if len({name for name, _, _ in layout}) < len(layout):
        raise FrameError("a frame names two arrays alike")
    return layout


def _parse_array(item: Any) -> tuple[str, np.dtype, tuple[int, ...]]:
    match item:
        case {"name": str(name), "dtype": str(dtype), "shape": list(shape)} if dtype in DTYPES:
            if len(shape) <= MAX_DIMENSIONS and all(type(size) is int and 0 <= size < 2**48 for size in shape):
                return name, DTYPES[dtype], tuple(shape)
    raise FrameError("a frame describes an array that can't travel")
