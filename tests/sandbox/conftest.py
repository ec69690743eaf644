import pytest

from archgraft.sandbox.supervisor import LocalSandbox


@pytest.fixture(scope="session")
def sandbox(shared_sandbox: LocalSandbox) -> LocalSandbox:
    """The one that all rooms share: what attacks it here must not harm the next test anywhere."""
    return shared_sandbox
