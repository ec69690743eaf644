from collections.abc import Iterator
from pathlib import Path

import pytest

from archgraft.sandbox.darwin.supervisor import SeatbeltSandbox

STAND_IN = """\
#!/bin/sh
while [ "$1" = -D ] || [ "$1" = -p ]; do shift 2; done
exec env -u PWD -u OLDPWD -u _ "$@"
"""


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In the place of `sandbox-exec`: takes the same arguments, and confines nothing."""
    program = tmp_path_factory.mktemp("stand-in") / "sandbox-exec"
    program.write_text(STAND_IN)
    program.chmod(0o755)
    return program


@pytest.fixture(scope="session")
def unconfined(stand_in: Path) -> Iterator[SeatbeltSandbox]:
    """All of the sandbox of macOS but Seatbelt itself."""
    with SeatbeltSandbox(allow_weak=True, program=stand_in) as sandbox:
        yield sandbox
