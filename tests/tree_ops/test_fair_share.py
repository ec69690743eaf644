"""A cap is shared fairly over families, and never wasted."""

from hypothesis import given
from hypothesis import strategies as st

from archgraft.tree_ops.fair_share import fair_shares, within_cap


def test_a_small_family_gives_all_and_the_large_ones_share_the_rest() -> None:
    assert fair_shares({"convolution": 200, "attention": 40, "gate": 3}, 43) == {
        "convolution": 20,
        "attention": 20,
        "gate": 3,
    }


@given(st.dictionaries(st.text("abc", min_size=1), st.integers(0, 30)), st.integers(0, 60))
def test_shares_are_fair_and_use_the_cap(available: dict[str, int], total: int) -> None:
    shares = fair_shares(available, total)
    assert sum(shares.values()) == min(total, sum(available.values()))
    assert all(0 <= shares[name] <= available[name] for name in available)
    for short, has in available.items():
        if shares[short] < has:  # nobody else has more than one more than a family that was cut
            assert max(shares.values()) <= shares[short] + 1


def test_each_source_has_its_own_cap() -> None:
    modules = [(f"{number:02}", source, "mlp") for number in range(5) for source in ("timm", "vit")]
    modules = [(f"{source[0]}{module_id}", source, family) for module_id, source, family in modules]
    assert within_cap(modules, 2) == {"t00", "t01", "v00", "v01"}
    assert within_cap(modules, 0) == frozenset()
