"""Rows of a run's tables as plain data; rows.py is the way in."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Row

from archgraft.agent.attempt import Attempt, Descriptor
from archgraft.agent.choosers.protocol import Answer, Question
from archgraft.agent.genes.space import Genes, GeneValue
from archgraft.agent.ladder import Promotion
from archgraft.agent.store.codec import from_json
from archgraft.agent.store.records import Candidate, Promoted, Proposal
from archgraft.evaluator.results import Metrics, Rescue, Result, Stage, StageRecord, Status
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.tree import Tree


def result_of(row: Row[Any]) -> Result:
    """A result."""
    return Result(
        status=Status(row.status),
        stage=Stage(row.stage),
        reason=row.reason,
        seed=row.seed,
        split=row.split,
        metrics=from_json(Metrics, row.metrics) if row.metrics is not None else None,
        wall_seconds=row.wall_seconds,
        tier=row.tier,
        n_seeds=row.n_seeds,
        rescues=from_json(tuple[Rescue, ...], row.rescues),
        stages=from_json(tuple[StageRecord, ...], row.stages),
        rung=row.rung,
        inherited_epochs=row.inherited_epochs,
    )


def attempt_of(row: Row[Any], genes: Genes) -> Attempt:
    """An attempt with its genes, from a row of it and of its result."""
    return Attempt(
        index=row.attempt,
        parent_id=row.parent_id,
        operator=row.operator,
        depth_band=row.depth_band,
        family=row.family,
        result=result_of(row),
        oriented_score=row.oriented_score,
        gain=row.gain,
        improved=row.improved,
        descriptor=from_json(Descriptor, row.descriptor) if row.descriptor is not None else None,
        n_parameters=row.n_parameters,
        rung_scores=from_json(tuple[float, ...], row.rung_scores),
        weights_bytes=row.weights_bytes,
        proxy_scores=from_json(dict[str, float], row.proxy_scores),
        genes=genes,
    )


def promoted_of(row: Row[Any], first: Attempt) -> Promoted:
    """A promotion, from a row of it and of its result, of an attempt as it was before."""
    attempt = replace(
        first,
        result=result_of(row),
        oriented_score=row.oriented_score,
        gain=row.gain,
        improved=row.improved,
        rung_scores=from_json(tuple[float, ...], row.rung_scores),
        weights_bytes=row.weights_bytes,
    )
    return Promoted(Promotion(row.candidate_id, row.rung, row.by_chance), attempt)


def proposal_of(row: Row[Any]) -> Proposal:
    """A proposal, answered or not."""
    answer = from_json(Answer, row.answer) if row.answer is not None else None
    return Proposal(from_json(Question, row.question), answer, genes_of(row.genes))


def genes_of(text: str) -> Genes:
    """Genes as they are stored."""
    return from_json(dict[str, GeneValue], text)


def candidate_of(row: Row[Any]) -> Candidate:
    """A candidate with its tree."""
    return Candidate(
        id=row.id,
        parent_id=row.parent_id,
        operator=row.operator,
        edit=from_json(Edit, row.edit) if row.edit is not None else None,
        tree_hash=row.tree_hash,
        source=row.source,
        construct=row.construct,
        tree=from_json(Tree, row.tree),
    )
