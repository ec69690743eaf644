from collections.abc import Callable

import pytest

from archgraft.sandbox.conformance import CHECKS, FACTORY_CHECKS, Check, Factory
from archgraft.sandbox.layers.plan import Layer
from archgraft.sandbox.supervisor import LocalSandbox


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
def test_local_sandbox_conforms(sandbox: LocalSandbox, check: Check) -> None:
    check(sandbox)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
def test_the_weakest_sandbox_conforms(weak_sandbox: LocalSandbox, check: Check) -> None:
    check(weak_sandbox)


@pytest.mark.slow
@pytest.mark.parametrize("without", [("namespaces",), ("own namespaces",), ("identity",)], ids=str)
def test_every_tier_conforms(without: tuple[Layer, ...]) -> None:
    with LocalSandbox(training=False, without=without) as sandbox:
        for check in CHECKS:
            check(sandbox)


@pytest.mark.parametrize("check", FACTORY_CHECKS, ids=lambda check: str(check.__name__))
def test_local_sandboxes_conform(check: Callable[[Factory], None]) -> None:
    check(lambda: LocalSandbox(training=False))
