"""A reply's body, with a limit on its size and on the time it may take: a server that drips or floods ends in an error.

httpx's own timeouts hold for one read each, so that a server which sends a byte now and then is never timed out.
"""

import time
from collections.abc import Callable, Iterator

import httpx

MAX_REPLY_BYTES = 2 * 2**20


def bounded_client(timeout_seconds: float) -> httpx.Client:
    """A client whose replies are bounded in bytes and seconds; redirects are not followed, keys go to one host only."""
    return httpx.Client(timeout=timeout_seconds, event_hooks={"response": [_bound(timeout_seconds)]})


def _bound(timeout_seconds: float) -> Callable[[httpx.Response], None]:
    def bound(response: httpx.Response) -> None:
        # A few compressed bytes may unfold to gigabytes, after the stream that is counted here.
        if response.headers.get("content-encoding", "identity") != "identity":
            raise httpx.RemoteProtocolError("the reply is compressed, which was not asked for")
        if isinstance(response.stream, httpx.SyncByteStream):
            response.stream = _BoundedStream(response.stream, time.monotonic() + timeout_seconds)

    return bound


class _BoundedStream(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        n_bytes = 0
        for chunk in self._stream:
            n_bytes += len(chunk)
            if n_bytes > MAX_REPLY_BYTES:
                raise httpx.RemoteProtocolError(f"the reply is longer than {MAX_REPLY_BYTES} bytes")
            if time.monotonic() > self._deadline:
                raise httpx.ReadTimeout("the reply took too long")
            yield chunk

    def close(self) -> None:
        self._stream.close()
