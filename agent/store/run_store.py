"""The one writer of run state (law 6): every transition is written before it is acted on.

An attempt goes through `record_proposal` (planned), `record_answer` (an option was picked), `record_candidate` (its
source was verified) and `record_result`, which finishes it in one transaction with its charge. So a process killed
anywhere leaves each attempt either finished and charged once, or pending, to be taken up again from its stored plan
and answer. `record_promotion` writes what became of it on a higher rung.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, Engine, delete, insert, select, update

from archgraft.agent.attempt import Attempt
from archgraft.agent.choosers.protocol import Answer, Question
from archgraft.agent.errors import UsageError
from archgraft.agent.genes.space import Genes
from archgraft.agent.ladder import Promotion
from archgraft.agent.store import tables
from archgraft.agent.store.backup import Backup
from archgraft.agent.store.codec import to_json
from archgraft.agent.store.database import now, writing
from archgraft.agent.store.guards import (
    StoreError,
    refuse_finished,
    refuse_inherited,
    refuse_outlived,
    refuse_proposed,
    refuse_repeated,
    refuse_unplanned_test,
)
from archgraft.agent.store.lock import RunLock
from archgraft.agent.store.reader import RunReader
from archgraft.agent.store.records import Candidate, Compute, Role
from archgraft.agent.store.rows import charge, cost_of_asking, insert_result
from archgraft.agent.store.weights import save_weights
from archgraft.evaluator.latency_comparison import Compared
from archgraft.evaluator.results import Result


class RunStore(RunReader):
    """Writes a run. Safe to use from several threads; one process at a time may hold it."""

    def __init__(self, folder: Path, engine: Engine, lock: RunLock, clock: Callable[[], float]) -> None:
        """Use `open_run`."""
        super().__init__(folder, engine)
        self._lock = lock
        self._thread_lock = threading.RLock()
        self._clock = clock
        self._opened = clock()
        self._failed: UsageError | None = None
        self._earlier_seconds = self.stored_seconds()
        self._backup = Backup(folder, clock)
        with writing(engine, self.place) as connection:
            started = insert(tables.sessions).values(started=now(), wall_seconds=0.0)
            self._session = connection.execute(started.returning(tables.sessions.c.id)).scalar_one()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._thread_lock, self._failing_once(), writing(self._engine, self.place) as connection:
            refuse_outlived(connection, self._session, self.place)
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._failing_once(), super()._reading() as connection:
            yield connection

    @contextmanager
    def _failing_once(self) -> Iterator[None]:
        """Nobody waits a second time for a file that is locked or broken, least of all `close`."""
        if self._failed is not None:
            raise self._failed
        try:
            yield
        except UsageError as error:
            self._failed = error
            raise

    def elapsed_seconds(self) -> float:
        """Wall-clock time of search on this run: earlier sessions, as far as they were written, and this one."""
        return self._earlier_seconds + self._clock() - self._opened

    def record_proposal(self, question: Question, genes: Genes | None = None) -> None:
        """Attempt `question.attempt` is planned, once, and about to be asked. A resumed run takes up `pending()`."""
        with self._writing() as connection:
            refuse_proposed(connection, question.attempt)
            row = {"attempt": question.attempt, "question": to_json(question), "genes": to_json(genes or {})}
            connection.execute(insert(tables.proposals).values(row))

    def record_answer(self, attempt: int, answer: Answer) -> None:
        """The chooser answered. What asking cost is charged with the attempt; a second answer is refused."""
        values = {
            "answer": to_json(answer),
            "chooser": answer.chooser,
            "n_tokens": answer.n_input_tokens + answer.n_output_tokens,
            "usd": answer.usd,
        }
        table = tables.proposals
        with self._writing() as connection:
            query = update(table).where(table.c.attempt == attempt, table.c.answer.is_(None)).values(values)
            if connection.execute(query).rowcount != 1:
                raise StoreError(f"attempt {attempt} was never proposed, or is answered already")

    def record_candidate(self, candidate: Candidate) -> None:
        """The attempt came to a tree. Until the attempt is finished it may be recorded again (after a kill)."""
        table = tables.candidates
        row = {
            "id": candidate.id,
            "parent_id": candidate.parent_id,
            "operator": candidate.operator,
            "edit": to_json(candidate.edit) if candidate.edit is not None else None,
            "tree_hash": candidate.tree_hash,
            "source": candidate.source,
            "construct": candidate.construct,
            "tree": to_json(candidate.tree),
        }
        with self._writing() as connection:
            refuse_finished(connection, candidate.id)
            connection.execute(delete(table).where(table.c.id == candidate.id))
            connection.execute(insert(table).values(row))

    def record_result(self, attempt: Attempt, compute: Compute) -> None:
        """Finish an attempt and charge it, in one transaction. Raises `StoreError` when it is finished already.

        The charge is `compute` and what the recorded answer cost. Every attempt but the rootstock's, 0, must have been
        proposed.
        """
        with self._writing() as connection:
            refuse_finished(connection, attempt.index)
            n_tokens, usd = cost_of_asking(connection, attempt.index)
            result_id = insert_result(connection, attempt.index, "search", attempt.result)
            self._insert_attempt(connection, attempt, result_id)
            charge(connection, attempt.index, compute, usd, n_tokens)
            self._beat(connection)
        with self._thread_lock:
            self._backup.keep_when_due()

    def record_promotion(self, promotion: Promotion, attempt: Attempt, compute: Compute) -> None:
        """What became of an attempt on a higher rung, and its charge; raises `StoreError` for a second time."""
        row = {
            "candidate_id": promotion.candidate_id,
            "rung": promotion.rung,
            "by_chance": promotion.by_chance,
        }
        with self._writing() as connection:
            refuse_repeated(connection, promotion.candidate_id, "search", attempt.result)
            result_id = insert_result(connection, promotion.candidate_id, "search", attempt.result)
            values = {**row, **self._standing(attempt, result_id)}
            connection.execute(insert(tables.promotions).values(values))
            charge(connection, None, compute, 0.0, 0)
            self._beat(connection)

    def record_measurement(self, candidate_id: int, role: Role, result: Result, compute: Compute) -> None:
        """Keep and charge a result that is no attempt: one seed of a mean, a control, or one seed of a finalist.

        Raises `StoreError` for a result of the test split that `open_test` did not announce (law 9), for a finalist
        that did not begin from scratch, and for one that is there already.
        """
        with self._writing() as connection:
            refuse_unplanned_test(connection, candidate_id, role, result)
            refuse_inherited(role, result)
            refuse_repeated(connection, candidate_id, role, result)
            insert_result(connection, candidate_id, role, result)
            charge(connection, None, compute, 0.0, 0)
            self._beat(connection)

    def record_latency(self, candidate_id: int, compared: Compared, compute: Compute) -> None:
        """Keep and charge how fast a finalist is beside the rootstock, and what couldn't be timed of it; once each."""
        row = {
            "candidate_id": candidate_id,
            "comparisons": to_json(compared.comparisons),
            "reason": compared.reason,
        }
        with self._writing() as connection:
            connection.execute(insert(tables.latencies).values(row))
            charge(connection, None, compute, 0.0, 0)
            self._beat(connection)

    def exclude(self, candidate_id: int, reason: str) -> None:
        """A finalist may not be returned: `best` passes it over. The first reason stands."""
        table = tables.exclusions
        with self._writing() as connection:
            if connection.execute(select(table).where(table.c.candidate_id == candidate_id)).first() is None:
                connection.execute(insert(table).values(candidate_id=candidate_id, reason=reason))

    def open_test(self, pairs: Sequence[tuple[int, int]], controls: Sequence[tuple[int, int]] = ()) -> None:
        """Announce the one batch of (candidate, seed) evaluations on the sealed test split (law 9), with controls.

        The same batch may be announced again, by a resumed run that finishes it; any other raises `StoreError`.
        """
        wanted: dict[Role, list[tuple[int, int]]] = {"finalist": sorted(set(pairs)), "control": sorted(set(controls))}
        planned = {role: self.test_plan(role) for role in wanted}
        if any(planned.values()) and planned != wanted:
            raise StoreError("the sealed test split is used: a second batch of evaluations on it is refused (law 9)")
        rows = [
            {"role": role, "candidate_id": candidate_id, "seed": seed}
            for role, found in wanted.items()
            for candidate_id, seed in found
        ]
        if rows and not any(planned.values()):
            with self._writing() as connection:
                connection.execute(insert(tables.test_plan), rows)

    def record_event(self, kind: str, text: str) -> None:
        """Tell something that is no result."""
        with self._writing() as connection:
            connection.execute(insert(tables.events).values(time=now(), kind=kind, text=text))
            self._beat(connection)

    def save_weights(
        self, candidate_id: int, seed: int, arrays: Mapping[str, np.ndarray], role: Role = "finalist"
    ) -> Path:
        """Keep a trained state dict, written before the result is. Returns the file's path."""
        return save_weights(self.folder, candidate_id, seed, arrays, role)

    def drop_search_weights(self, candidate_id: int) -> None:
        """Make room: nothing will inherit from this candidate any more. Safe to call twice."""
        for path in self.weights(candidate_id, "search").values():
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Write the time worked, keep a copy, and let others have the run. Safe to call twice."""
        try:
            if self._lock.held and self._failed is None:
                with self._writing() as connection:
                    self._beat(connection)
                self._backup.keep()
        finally:
            super().close()
            self._lock.release()

    def __enter__(self) -> "RunStore":
        return self

    def _insert_attempt(self, connection: Connection, attempt: Attempt, result_id: int) -> None:
        row = {
            "attempt": attempt.index,
            "parent_id": attempt.parent_id,
            "operator": attempt.operator,
            "depth_band": int(attempt.depth_band),
            "family": attempt.family,
            "descriptor": to_json(attempt.descriptor) if attempt.descriptor is not None else None,
            "n_parameters": attempt.n_parameters,
            "proxy_scores": to_json(attempt.proxy_scores),
        }
        connection.execute(insert(tables.attempts).values({**row, **self._standing(attempt, result_id)}))

    def _standing(self, attempt: Attempt, result_id: int) -> dict[str, object]:
        """The columns that a promotion changes."""
        return {
            "result_id": result_id,
            "oriented_score": attempt.oriented_score,
            "gain": attempt.gain,
            "improved": bool(attempt.improved),
            "rung_scores": to_json(attempt.rung_scores),
            "weights_bytes": attempt.weights_bytes,
            "elapsed_seconds": self.elapsed_seconds(),
        }

    def _beat(self, connection: Connection) -> None:
        table = tables.sessions
        seconds = self._clock() - self._opened
        connection.execute(update(table).where(table.c.id == self._session).values(wall_seconds=seconds))
