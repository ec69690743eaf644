from collections.abc import Iterator

import pytest

from archgraft.sandbox.layers.plan import Layer
from archgraft.sandbox.supervisor import LocalSandbox


@pytest.fixture(scope="session")
def sandbox(shared_sandbox: LocalSandbox) -> LocalSandbox:
    """The one that all rooms share: what attacks it here must not harm the next test anywhere."""
    return shared_sandbox


@pytest.fixture(scope="session")
def weak_sandbox() -> Iterator[LocalSandbox]:
    """The least that runs at all: here a job may start processes, which the others refuse."""
    without: tuple[Layer, ...] = ("namespaces", "landlock", "seccomp", "identity")
    with LocalSandbox(training=False, allow_weak=True, without=without) as sandbox:
        assert sandbox.tier == "C"
        yield sandbox
