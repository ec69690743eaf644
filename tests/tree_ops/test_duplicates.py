"""Groups of near-duplicates, and which member stands for all."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from archgraft.tree_ops.duplicates import Member, representatives

ONE = Member(
    "a", ("map", "preserve", "1"), "body1", "behaviour1", True, (1, 1, 4), 50, ("MIT",), ("timm", "1.0", "timm.A")
)


def stands_for(*members: Member) -> dict[str, str]:
    return representatives(members)


def test_equal_bodies_and_equal_behaviour_join_also_by_way_of_a_third() -> None:
    renamed = replace(ONE, id="b", behaviour="behaviour2")
    rewritten = replace(ONE, id="c", body="body3", behaviour="behaviour2")
    other = replace(ONE, id="d", body="body4", behaviour="behaviour4")
    assert stands_for(ONE, renamed, rewritten, other) == {"a": "a", "b": "a", "c": "a", "d": "d"}


def test_what_fits_other_places_is_no_duplicate() -> None:
    assert stands_for(ONE, replace(ONE, id="b", place=("sequence", "preserve", "1"))) == {"a": "a", "b": "b"}


def test_what_is_not_known_equals_nothing() -> None:
    unknown = replace(ONE, body="", behaviour="")
    assert stands_for(unknown, replace(unknown, id="b")) == {"a": "a", "b": "b"}


def test_who_stands_for_the_group() -> None:
    """Verified, then permissive, then fit for many places, then short, then first by source and name."""
    group = [
        replace(ONE, id="f", multiples=(8, 1, 4), n_lines=3),
        replace(ONE, id="a", is_verified=False, n_lines=1),
        replace(ONE, id="b", licences=("CC-BY-NC-4.0",), n_lines=2),
        replace(ONE, id="c", n_lines=40, licences=("unknown", "Apache-2.0")),
        replace(ONE, id="d", n_lines=30, first_origin=("timm", "1.0", "timm.D")),
        replace(ONE, id="e", n_lines=30, first_origin=("timm", "1.0", "timm.C")),
    ]
    for expected in ("e", "d", "c", "f", "b", "a"):
        assert set(stands_for(*group).values()) == {expected}
        group = [member for member in group if member.id != expected]


def test_a_claimed_behaviour_draws_nothing_into_its_group() -> None:
    claim = replace(ONE, id="b", body="body2", is_verified=False)
    assert stands_for(ONE, claim) == {"a": "a", "b": "b"}


MEMBERS = st.lists(
    st.builds(
        Member,
        id=st.text("abcdef", min_size=1, max_size=3),
        place=st.sampled_from([("map",), ("sequence",)]),
        body=st.sampled_from(["", "x", "y", "z"]),
        behaviour=st.sampled_from(["", "p", "q", "r"]),
        is_verified=st.booleans(),
        multiples=st.sampled_from([(1,), (2,)]),
        n_lines=st.integers(1, 3),
        licences=st.sampled_from([("MIT",), ("unknown",)]),
        first_origin=st.just(("timm",)),
    ),
    unique_by=lambda member: member.id,
    max_size=12,
)


@given(MEMBERS.flatmap(lambda members: st.tuples(st.just(members), st.permutations(members))))
def test_groups_do_not_depend_on_the_order(orders: tuple[list[Member], list[Member]]) -> None:
    members, shuffled = orders
    found = representatives(members)
    assert found == representatives(shuffled)
    assert all(found[chosen] == chosen for chosen in found.values())
    by_id = {member.id: member for member in members}
    for first in members:
        for second in members:
            if first.place == second.place and first.body and first.body == second.body:
                assert found[first.id] == found[second.id]
    assert all(by_id[chosen].place == by_id[member].place for member, chosen in found.items())
