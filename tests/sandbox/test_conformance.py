from collections.abc import Callable

import pytest

from archgraft.sandbox.conformance import CHECKS, FACTORY_CHECKS, Check, Factory
from archgraft.sandbox.supervisor import LocalSandbox


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
def test_local_sandbox_conforms(sandbox: LocalSandbox, check: Check) -> None:
    check(sandbox)


@pytest.mark.parametrize("check", FACTORY_CHECKS, ids=lambda check: str(check.__name__))
def test_local_sandboxes_conform(check: Callable[[Factory], None]) -> None:
    check(lambda: LocalSandbox(training=False))
