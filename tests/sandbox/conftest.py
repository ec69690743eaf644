from collections.abc import Iterator

import pytest

from archgraft.sandbox.supervisor import LocalSandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[LocalSandbox]:
    with LocalSandbox() as local:
        yield local
