"""A server on the loopback interface that speaks the OpenAI protocol and says what a test scripted, good or hostile."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Scripted:
    """One reply: status, body and headers; written in `pieces` with a pause before each."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    pause_seconds: float = 0.0
    n_pieces: int = 1


@dataclass
class Server:
    """What was asked, and what will be said; the last reply is said again and again."""

    replies: list[Scripted]
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def reply_to(self, request: dict[str, Any], headers: dict[str, str]) -> Scripted:
        self.requests.append(request)
        self.headers.append(headers)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


def says(content: object, usage: object = None, **changes: Any) -> Scripted:
    """A well-formed completion whose message has this content."""
    message = {"role": "assistant", "content": content}
    completion = {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "scripted",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 10, "total_tokens": 1010} if usage is None else usage,
    }
    return Scripted(json.dumps(completion).encode(), **changes)


def picks(option: str, reason: str = "It fits.") -> Scripted:
    """A valid answer."""
    return says(json.dumps({"option": option, "reason": reason}))


def fails(status: int, message: str = "no") -> Scripted:
    """An error as such servers report it."""
    return Scripted(json.dumps({"error": {"message": message, "type": "error"}}).encode(), status)


@contextmanager
def serving(*replies: Scripted) -> Iterator[Server]:
    """The server, running on a free port until the block ends."""
    server = Server(list(replies))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            self._send(server.reply_to(json.loads(self.rfile.read(length)), dict(self.headers)))

        def _send(self, reply: Scripted) -> None:
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            size = -(-len(reply.body) // reply.n_pieces)
            for start in range(0, len(reply.body), max(size, 1)):
                time.sleep(reply.pause_seconds)
                try:
                    self.wfile.write(reply.body[start : start + size])
                    self.wfile.flush()
                except OSError:
                    return  # the client had enough

        def log_message(self, format: str, *args: Any) -> None:
            pass

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    web.daemon_threads = True
    server.url = f"http://127.0.0.1:{web.server_address[1]}/v1"
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        web.shutdown()
        web.server_close()
        thread.join()
