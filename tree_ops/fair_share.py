"""Equal shares for everybody, as far as they go: how a cap on a source is spread over families."""

from collections import defaultdict
from collections.abc import Iterable, Mapping


def fair_shares(available: Mapping[str, int], total: int) -> dict[str, int]:
    """How many each may give so that the sum is at most `total` and nobody gets less to let a larger one give more.

    Max-min fairness: whoever has less than an equal share gives all, the others share the rest alike; what can't be
    divided goes to the first names.
    """
    shares: dict[str, int] = {}
    names = sorted(available, key=lambda name: (available[name], name))
    for place, name in enumerate(names):
        equal = -(-max(0, total - sum(shares.values())) // (len(names) - place))
        left = total - sum(shares.values())
        shares[name] = min(available[name], equal, left)
    return shares


def within_cap(ids: Iterable[tuple[str, str, str]], cap: int) -> frozenset[str]:
    """Of modules given as (id, source, family), at most `cap` of each source, with fair shares over its families.

    Within a family the lowest ids are kept; ids are hashes, so that is a random choice that never changes.
    """
    by_source: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for module_id, source, family in ids:
        by_source[source][family].append(module_id)
    kept: set[str] = set()
    for families in by_source.values():
        shares = fair_shares({family: len(members) for family, members in families.items()}, cap)
        kept.update(one for family, members in families.items() for one in sorted(members)[: shares[family]])
    return frozenset(kept)
