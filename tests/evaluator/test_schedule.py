from hypothesis import given
from hypothesis import strategies as st

from archgraft.evaluator.schedule import learning_rate_share


@given(st.integers(1, 300), st.floats(0, 1))
def test_the_rate_rises_to_its_peak_once_and_then_falls(n_steps: int, warmup_share: float) -> None:
    shares = [learning_rate_share(step, n_steps, warmup_share) for step in range(n_steps)]
    peak = shares.index(max(shares))
    assert all(0 < share <= 1 for share in shares)
    assert shares[peak] == 1
    assert shares[: peak + 1] == sorted(shares[: peak + 1])
    assert shares[peak:] == sorted(shares[peak:], reverse=True)
