"""Who wins when candidates have recipes of their own: no better recipe may pass for a better architecture.

Each finalist is compared with the rootstock trained with the task's recipe, and with the rootstock trained with the
finalist's own recipe, its control. It is better only if it is better than both: the first alone would reward a good
learning rate, the second alone a recipe that harms the rootstock.
"""

from collections.abc import Iterable, Mapping
from statistics import fmean
from typing import TYPE_CHECKING

from archgraft.agent.genes.space import Genes

if TYPE_CHECKING:
    from archgraft.agent.store.reader import RunReader
    from archgraft.agent.store.records import Role

ROOTSTOCK = 0


def control_owners(finalists: Iterable[int], genes: Mapping[int, Genes]) -> dict[int, int]:
    """For each finalist with genes of its own: the first with the same ones, whose control is its own as well."""
    owners: dict[int, int] = {}
    for candidate in sorted(finalists):
        if found := genes.get(candidate):
            owners[candidate] = next((one for one in owners.values() if genes[one] == found), candidate)
    return owners


def margins(finals: Mapping[int, float], controls: Mapping[int, float]) -> dict[int, float]:
    """How far each finalist is above the better of its two rootstocks; 0 for the rootstock itself.

    `finals` are mean oriented scores by candidate, `controls` those of their controls: a finalist without one has the
    task's recipe, or one that the rootstock could not be trained with. Without the rootstock's score, scores as such.
    """
    if ROOTSTOCK not in finals:
        return dict(finals)
    own = finals[ROOTSTOCK]
    return {candidate: score - max(own, controls.get(candidate, own)) for candidate, score in finals.items()}


def final_margins(run: "RunReader") -> dict[int, float]:
    """The margins of a run's finalists on validation; empty before the finals."""
    return margins(final_means(run, "finalist"), control_means(run))


def control_means(run: "RunReader") -> dict[int, float]:
    """The mean oriented validation score of each finalist's control, as far as it could be trained."""
    means, owners = final_means(run, "control"), owners_in(run)
    return {candidate: means[owner] for candidate, owner in owners.items() if owner in means}


def owners_in(run: "RunReader") -> dict[int, int]:
    """`control_owners` of a run's finalists."""
    return control_owners({measured.candidate_id for measured in run.measurements("finalist")}, run.genes())


def final_means(run: "RunReader", role: "Role") -> dict[int, float]:
    """The mean oriented validation score over seeds of each candidate's trainings in one role."""
    orient = run.info.metric.oriented
    found: dict[int, list[float]] = {}
    for measured in run.measurements(role, "validation"):
        if measured.result.metrics is not None:
            found.setdefault(measured.candidate_id, []).append(orient(measured.result.metrics.score))
    return {candidate: fmean(scores) for candidate, scores in found.items()}
