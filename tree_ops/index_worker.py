"""The program of a reading process: file names come in, records go out, until the caller hangs up."""

import gc
import json
import signal
import sys
from pathlib import Path

from archgraft.tree_ops.file_records import read_file, to_line


def serve() -> None:
    """Answer requests: a line with names and paths, then a line for each file."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the caller's to handle; it hangs up
    gc.disable()  # syntax trees hold no cycles, and collecting takes longer than parsing
    for request in sys.stdin.buffer:
        for name, path in json.loads(request):
            sys.stdout.buffer.write(to_line(read_file(name, Path(path))).encode() + b"\n")
            sys.stdout.buffer.flush()
