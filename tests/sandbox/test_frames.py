import json
import socket
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from archgraft.sandbox.frames import (
    MAGIC,
    PREFIX,
    Frame,
    FrameEndedError,
    FrameError,
    FrameTooLargeError,
    receive_frame,
    send_frame,
)
from archgraft.sandbox.protocol import Message

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=8,
)
ARRAYS = st.sampled_from(["float32", "float64", "int64", "int32", "uint8", "bool"]).flatmap(
    lambda dtype: arrays(dtype, array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def raw_frame(header: object, tail: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return PREFIX.pack(MAGIC, len(text)) + text + tail


def receive_raw(raw: bytes, max_bytes: int = 2**20) -> Frame:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            theirs.sendall(raw)
        return receive_frame(ours, max_bytes)


@given(
    st.dictionaries(st.text(st.characters(codec="utf-8")), JSON, max_size=3),
    st.dictionaries(st.text("ab"), ARRAYS, max_size=3),
)
def test_what_is_sent_is_received(header: dict[str, None], given_arrays: dict[str, np.ndarray]) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send_frame(ours, "ask", Message(header, given_arrays))
        frame = receive_frame(theirs, 2**20)
    assert frame.kind == "ask"
    assert frame.message.header == header
    assert frame.message.arrays.keys() == given_arrays.keys()
    for name, array in given_arrays.items():
        got = frame.message.arrays[name]
        assert (got.dtype, got.shape) == (array.dtype, array.shape)
        assert got.tobytes() == array.tobytes()


def test_nothing_is_lost_when_the_stream_is_smaller_than_the_frame(ends: tuple[socket.socket, socket.socket]) -> None:
    array = np.arange(10**6)
    sender = threading.Thread(target=send_frame, args=(ends[0], "result", Message({}, {"a": array})))
    sender.start()
    frame = receive_frame(ends[1], 2**24)
    sender.join()
    assert np.array_equal(frame.message.arrays["a"], array)
    assert frame.n_bytes >= array.nbytes


@given(st.binary(max_size=200))
def test_garbage_is_refused(raw: bytes) -> None:
    with pytest.raises(FrameError):
        receive_raw(raw)


@given(st.binary(max_size=100))
def test_garbage_in_the_header_is_refused(raw: bytes) -> None:
    with pytest.raises(FrameError):
        receive_raw(PREFIX.pack(MAGIC, len(raw)) + raw)


@pytest.mark.parametrize("name", [b'"a\\ud800"', b'"\\uDFFF a"', b'"a\xed\xa0\x80"'])
def test_half_of_a_character_is_refused_for_no_file_and_no_database_takes_it(name: bytes) -> None:
    raw = b'{"kind": "result", "header": {' + name + b': 1}, "arrays": []}'
    with pytest.raises(FrameError, match="not JSON"):
        receive_raw(PREFIX.pack(MAGIC, len(raw)) + raw)


@pytest.mark.parametrize(
    "described",
    [
        {"name": "a", "dtype": "object", "shape": [1]},
        {"name": "a", "dtype": "<f4", "shape": [1]},
        {"name": "a", "dtype": "float32", "shape": [-1]},
        {"name": "a", "dtype": "float32", "shape": [True]},
        {"name": "a", "dtype": "float32", "shape": [1.0]},
        {"name": "a", "dtype": "float32", "shape": [1] * 40},
        {"name": 1, "dtype": "float32", "shape": [1]},
        {"name": "a", "dtype": "float32"},
        "a",
    ],
)
def test_an_array_that_cannot_travel_is_refused(described: object) -> None:
    with pytest.raises(FrameError, match="can't travel"):
        receive_raw(raw_frame({"kind": "result", "header": {}, "arrays": [described]}, bytes(64)))


def test_two_arrays_of_one_name_are_refused() -> None:
    described = {"name": "a", "dtype": "uint8", "shape": [1]}
    with pytest.raises(FrameError, match="alike"):
        receive_raw(raw_frame({"kind": "result", "header": {}, "arrays": [described, described]}, bytes(2)))


def test_a_frame_is_refused_by_its_announced_size_before_its_bytes_arrive() -> None:
    described = {"name": "a", "dtype": "float64", "shape": [2**40, 2**40]}
    with pytest.raises(FrameTooLargeError):
        receive_raw(raw_frame({"kind": "result", "header": {}, "arrays": [described]}))
    with pytest.raises(FrameTooLargeError):
        receive_raw(PREFIX.pack(MAGIC, 2**32 - 1))


def test_an_ended_stream_says_whether_a_frame_was_cut() -> None:
    with pytest.raises(FrameEndedError) as clean:
        receive_raw(b"")
    assert clean.value.clean
    with pytest.raises(FrameEndedError) as cut:
        receive_raw(raw_frame({"kind": "result", "header": {}, "arrays": []})[:-1])
    assert not cut.value.clean


@pytest.mark.parametrize(
    "message",
    [
        Message({}, {"a": np.array([1 + 2j])}),
        Message({}, {"a": np.array(["text"])}),
        Message({}, {"a": np.array([object()])}),
        Message({"a": {1, 2}}),  # type: ignore[dict-item]  # the mistake under test
    ],
)
def test_a_message_that_cannot_travel_is_refused_where_it_is_sent(
    ends: tuple[socket.socket, socket.socket], message: Message
) -> None:
    with pytest.raises(FrameError):
        send_frame(ends[0], "result", message)
