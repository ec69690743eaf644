"""No forged score is believed; each is by an evaluator that keeps labels, metric and clock beside the candidate."""

import pytest

from archgraft.sandbox.supervisor import LocalSandbox
from tests.evaluator.forging import forge, forge_naively, names


@pytest.mark.parametrize("name", names())
def test_a_forged_score_is_not_believed(shared_sandbox: LocalSandbox, name: str) -> None:
    forgery = forge(shared_sandbox, name)
    assert not forgery.believed, forgery


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_the_same_forgery_is_believed_by_a_naive_evaluator(name: str) -> None:
    forgery = forge_naively(name)
    assert forgery.believed, forgery
