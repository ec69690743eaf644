"""Fixtures that many rooms share."""

from collections.abc import Iterator

import pytest

from archgraft.sandbox.supervisor import LocalSandbox


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[LocalSandbox]:
    """One sandbox for all tests of a worker: starting one costs seconds, a job costs milliseconds."""
    with LocalSandbox(preload=("archgraft.evaluator.trace", "archgraft.evaluator.train")) as sandbox:
        yield sandbox
