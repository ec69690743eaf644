from archgraft.evaluator.limits import CostCaps


def test_what_is_within_the_caps_breaks_none() -> None:
    assert CostCaps(100, 1000).broken_by(100, 1000) is None


def test_each_broken_cap_is_named_with_its_excess() -> None:
    reason = CostCaps.around(100, 1000, 2.0, 1.5).broken_by(300, 3000)
    assert reason is not None
    assert "300 parameters where at most 200 are allowed (1.50 times)" in reason
    assert "3,000 FLOPs a sample where at most 1,500 are allowed (2.00 times)" in reason
