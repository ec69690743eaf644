"""Orders that the store keeps, whatever the loop asks for."""

from sqlalchemy import Connection, func, select

from archgraft.agent.errors import UsageError
from archgraft.agent.store import tables
from archgraft.agent.store.records import Role
from archgraft.evaluator.results import Result


class StoreError(RuntimeError):
    """The loop broke an order that the store guards: an attempt finished twice, or the sealed test opened again."""


def refuse_outlived(connection: Connection, session: int, place: str) -> None:
    """Raise `UsageError` when a later search has taken the run over: the lock did not reach it."""
    latest = connection.execute(select(func.max(tables.sessions.c.id))).scalar_one()
    if latest != session:
        raise UsageError(
            f"{place}: another search has taken this run over, past the lock: its LOCK file was deleted, or lies where "
            "machines don't see each other's locks. That search goes on; this one has stopped and lost nothing."
        )


def refuse_finished(connection: Connection, index: int) -> None:
    """Raise `StoreError` when the attempt has its result."""
    table = tables.attempts
    if connection.execute(select(table.c.attempt).where(table.c.attempt == index)).first() is not None:
        raise StoreError(f"attempt {index} is finished already: nothing is charged twice")


def refuse_proposed(connection: Connection, attempt: int) -> None:
    """Raise `StoreError` when the attempt has a plan already."""
    table = tables.proposals
    if connection.execute(select(table.c.attempt).where(table.c.attempt == attempt)).first() is not None:
        raise StoreError(f"attempt {attempt} is proposed already: take it up from pending()")


def refuse_unplanned_test(connection: Connection, candidate_id: int, role: Role, result: Result) -> None:
    """Raise `StoreError` for a result of the test split outside the announced batch (law 9)."""
    table = tables.test_plan
    query = select(table).where(table.c.role == role, table.c.candidate_id == candidate_id, table.c.seed == result.seed)
    if result.split == "test" and connection.execute(query).first() is None:
        raise StoreError(
            f"candidate {candidate_id}, seed {result.seed}, {role}: not in the sealed test's one batch (law 9)"
        )


def refuse_repeated(connection: Connection, candidate_id: int, role: Role, result: Result) -> None:
    """Raise `StoreError` when this very evaluation is stored already."""
    table = tables.results
    query = select(table.c.id).where(
        table.c.candidate_id == candidate_id,
        table.c.role == role,
        table.c.split == result.split,
        table.c.seed == result.seed,
        table.c.rung == result.rung,
    )
    if connection.execute(query).first() is not None:
        raise StoreError(f"candidate {candidate_id} has a {role} result on {result.split}, seed {result.seed}, already")


def refuse_inherited(role: Role, result: Result) -> None:
    """Raise `StoreError` for a finalist that did not begin from scratch: claims rest on nothing else."""
    if role == "finalist" and not result.from_scratch:
        raise StoreError(
            f"seed {result.seed}: a finalist's training must begin from scratch, not with inherited weights"
        )
