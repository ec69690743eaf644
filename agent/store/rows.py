"""Rows that go into a run's tables, within a transaction of the caller."""

from sqlalchemy import Connection, insert, select

from archgraft.agent.store import tables
from archgraft.agent.store.codec import to_json
from archgraft.agent.store.guards import StoreError
from archgraft.agent.store.records import Compute, Role
from archgraft.evaluator.results import Result


def cost_of_asking(connection: Connection, attempt: int) -> tuple[int, float]:
    """Tokens and dollars of the recorded answer. Raises `StoreError` when the attempt was never proposed."""
    table = tables.proposals
    row = connection.execute(select(table.c.n_tokens, table.c.usd).where(table.c.attempt == attempt)).one_or_none()
    if row is None and attempt > 0:
        raise StoreError(f"attempt {attempt} was never proposed")
    return (row.n_tokens, row.usd) if row is not None else (0, 0.0)


def insert_result(connection: Connection, candidate_id: int, role: Role, result: Result) -> int:
    """Store a result and return its row's id."""
    row = {
        "candidate_id": candidate_id,
        "role": role,
        "split": result.split,
        "seed": result.seed,
        "status": result.status.value,
        "stage": result.stage.value,
        "reason": result.reason,
        "score": float(result.metrics.score) if result.metrics is not None else None,
        "metrics": to_json(result.metrics) if result.metrics is not None else None,
        "wall_seconds": result.wall_seconds,
        "tier": result.tier,
        "n_seeds": result.n_seeds,
        "rescues": to_json(result.rescues),
        "stages": to_json(result.stages),
        "rung": result.rung,
        "inherited_epochs": result.inherited_epochs,
    }
    result_id: int = connection.execute(insert(tables.results).values(row).returning(tables.results.c.id)).scalar_one()
    return result_id


def charge(connection: Connection, attempt: int | None, compute: Compute, usd: float, n_tokens: int) -> None:
    """Store what an attempt (None: a finalist's evaluation) cost."""
    row = {
        "attempt": attempt,
        "wall_seconds": compute.wall_seconds,
        "cpu_seconds": compute.cpu_seconds,
        "gpu_seconds": compute.gpu_seconds,
        "usd": usd,
        "n_tokens": n_tokens,
    }
    connection.execute(insert(tables.spend).values(row))
