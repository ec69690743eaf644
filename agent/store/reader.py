"""Reading a run. The report, the export and the status read nothing else."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select

from archgraft.agent.attempt import Attempt
from archgraft.agent.errors import UsageError
from archgraft.agent.genes.fairness import final_margins
from archgraft.agent.genes.space import Genes
from archgraft.agent.store import tables
from archgraft.agent.store.codec import from_json
from archgraft.agent.store.database import DATABASE_NAME, check, database_url, open_engine, usable
from archgraft.agent.store.records import Candidate, Event, Measurement, Promoted, Proposal, Role, RunInfo, Spend
from archgraft.agent.store.row_reading import attempt_of, candidate_of, genes_of, promoted_of, proposal_of, result_of
from archgraft.agent.store.weights import weights_of
from archgraft.evaluator.paces import LatencyComparison


class RunReader:
    """A run as it is stored at the moment of each call; a search may be writing to it at the same time."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        """Use `load_run`."""
        self.folder = folder
        self.place = str(folder / DATABASE_NAME)
        self._engine = engine

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with usable(self.place), self._engine.connect() as connection:
            yield connection

    @property
    def info(self) -> RunInfo:
        """What the run is about."""
        with self._reading() as connection:
            return from_json(RunInfo, connection.execute(select(tables.run.c.info)).scalar_one())

    def attempts(self, start: int = 0) -> list[Attempt]:
        """The finished attempts from the index `start` on, in order, as they stand after promotions.

        One in flight leaves a hole.
        """
        first = {attempt.index: attempt for attempt in self.first_attempts(start)}
        return list((first | {one.attempt.index: one.attempt for one in self._promotions_of(first)}).values())

    def first_attempts(self, start: int = 0) -> list[Attempt]:
        """The same as they were before any promotion."""
        table = tables.attempts
        query = select(table, tables.results).join(tables.results, table.c.result_id == tables.results.c.id)
        query = query.where(table.c.attempt >= start).order_by(table.c.attempt)
        genes = self.genes()
        with self._reading() as connection:
            return [attempt_of(row, genes.get(row.attempt, {})) for row in connection.execute(query)]

    def promotions(self) -> list[Promoted]:
        """What became of attempts on higher rungs, from the lowest rung up."""
        return self._promotions_of({attempt.index: attempt for attempt in self.first_attempts()})

    def _promotions_of(self, first: Mapping[int, Attempt]) -> list[Promoted]:
        """What became of some attempts, by index."""
        table, results = tables.promotions, tables.results
        query = select(table, results).join(results, table.c.result_id == results.c.id)
        with self._reading() as connection:
            rows = connection.execute(query.order_by(table.c.rung, table.c.candidate_id))
            return [promoted_of(row, first[row.candidate_id]) for row in rows if row.candidate_id in first]

    def finished_at(self) -> dict[int, float]:
        """When each attempt came to its standing, in seconds of search; time between sessions does not count."""
        first, later = tables.attempts, tables.promotions
        with self._reading() as connection:
            rows = connection.execute(select(first.c.attempt, first.c.elapsed_seconds))
            found = {row.attempt: row.elapsed_seconds for row in rows}
            for row in connection.execute(select(later.c.candidate_id, later.c.elapsed_seconds).order_by(later.c.rung)):
                found[row.candidate_id] = row.elapsed_seconds
        return found

    def proposals(self) -> list[Proposal]:
        """All planned attempts in index order. The rootstock, attempt 0, has none."""
        table = tables.proposals
        with self._reading() as connection:
            return [proposal_of(row) for row in connection.execute(select(table).order_by(table.c.attempt))]

    def pending(self) -> list[Proposal]:
        """The proposals without a result: what was in flight when the run stopped, to be taken up again."""
        table, finished = tables.proposals, select(tables.attempts.c.attempt)
        query = select(table).where(table.c.attempt.not_in(finished)).order_by(table.c.attempt)
        with self._reading() as connection:
            return [proposal_of(row) for row in connection.execute(query)]

    def genes(self) -> dict[int, Genes]:
        """What of the recipe is each planned attempt's own. The rootstock has none."""
        table = tables.proposals
        with self._reading() as connection:
            rows = connection.execute(select(table.c.attempt, table.c.genes))
            return {row.attempt: genes_of(row.genes) for row in rows}

    def candidate(self, candidate_id: int) -> Candidate:
        """One candidate. Raises `KeyError` when the attempt came to none (no option, say)."""
        query = select(tables.candidates).where(tables.candidates.c.id == candidate_id)
        with self._reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise KeyError(candidate_id)
        return candidate_of(row)

    def tree_hashes(self) -> dict[int, str]:
        """The tree hash of each candidate."""
        table = tables.candidates
        with self._reading() as connection:
            return {row.id: row.tree_hash for row in connection.execute(select(table.c.id, table.c.tree_hash))}

    def measurements(
        self, role: Role | None = None, split: str | None = None, attempts: bool = True
    ) -> list[Measurement]:
        """All results in the order of candidate, split and seed; of one role, one split, or without attempts' own."""
        table = tables.results
        query = select(table).order_by(table.c.candidate_id, table.c.split, table.c.seed, table.c.role)
        query = query if attempts else query.where(table.c.id.not_in(select(tables.attempts.c.result_id)))
        query = query if role is None else query.where(table.c.role == role)
        query = query if split is None else query.where(table.c.split == split)
        with self._reading() as connection:
            return [Measurement(row.candidate_id, row.role, result_of(row)) for row in connection.execute(query)]

    def best(self) -> Attempt | None:
        """The attempt to be proud of: the finalist farthest above its rootstocks on validation, else the best score.

        Above the better of the two, see agent/genes/fairness.py. The rootstock takes part, excluded finalists don't;
        ties go to the earlier attempt. The test split never decides, and what began with inherited weights claims
        nothing before it was trained from scratch. None before the first score.
        """
        excluded = self.exclusions()
        attempts = {attempt.index: attempt for attempt in self.attempts() if attempt.index not in excluded}
        scores = ((index, one.oriented_score) for index, one in attempts.items() if one.result.from_scratch)
        finals = {index: margin for index, margin in final_margins(self).items() if index in attempts}
        ranked = finals or {index: score for index, score in scores if score is not None}
        return attempts[max(ranked, key=lambda index: (ranked[index], -index))] if ranked else None

    def latencies(self) -> dict[int, tuple[LatencyComparison, ...]]:
        """How fast each finalist is beside the rootstock, in each variant that could be timed."""
        table = tables.latencies
        with self._reading() as connection:
            rows = connection.execute(select(table).order_by(table.c.candidate_id))
            return {row.candidate_id: from_json(tuple[LatencyComparison, ...], row.comparisons) for row in rows}

    def exclusions(self) -> dict[int, str]:
        """Why some finalists may not be returned."""
        table = tables.exclusions
        with self._reading() as connection:
            rows = connection.execute(select(table).order_by(table.c.candidate_id))
            return {row.candidate_id: row.reason for row in rows}

    def test_plan(self, role: Role = "finalist") -> list[tuple[int, int]]:
        """The (candidate, seed) pairs that may see the sealed test split; empty until it is planned."""
        table = tables.test_plan
        with self._reading() as connection:
            rows = connection.execute(
                select(table).where(table.c.role == role).order_by(table.c.candidate_id, table.c.seed)
            )
            return [(row.candidate_id, row.seed) for row in rows]

    def sealed_test_used(self) -> bool:
        """Whether the test split was opened: from then on only the planned evaluations may use it (law 9)."""
        return bool(self.test_plan())

    def spend(self) -> Spend:
        """What the whole run spent, with what asking for attempts still in flight cost."""
        table = tables.spend.c
        columns = (table.wall_seconds, table.cpu_seconds, table.gpu_seconds, table.usd, table.n_tokens)
        with self._reading() as connection:
            sums = connection.execute(select(*(func.coalesce(func.sum(column), 0) for column in columns))).one()
        wall_seconds, cpu_seconds, gpu_seconds, usd, n_tokens = sums
        answers = [proposal.answer for proposal in self.pending() if proposal.answer is not None]
        return Spend(
            attempt=None,
            wall_seconds=float(wall_seconds),
            cpu_seconds=float(cpu_seconds),
            gpu_seconds=float(gpu_seconds),
            usd=float(usd) + sum(answer.usd for answer in answers),
            n_tokens=int(n_tokens) + sum(answer.n_input_tokens + answer.n_output_tokens for answer in answers),
        )

    def spend_by_attempt(self) -> list[Spend]:
        """One entry per charge: each finished attempt, then the finalists' evaluations (attempt None)."""
        table = tables.spend
        with self._reading() as connection:
            rows = connection.execute(select(table).order_by(table.c.attempt.is_(None), table.c.attempt, table.c.id))
            return [
                Spend(row.attempt, row.wall_seconds, row.cpu_seconds, row.gpu_seconds, row.usd, row.n_tokens)
                for row in rows
            ]

    def stored_seconds(self) -> float:
        """Wall-clock time that searches worked on this run, up to the last thing written."""
        with self._reading() as connection:
            return float(connection.execute(select(func.sum(tables.sessions.c.wall_seconds))).scalar() or 0.0)

    def n_sessions(self) -> int:
        """How often a search was started or resumed."""
        with self._reading() as connection:
            return connection.execute(select(func.count()).select_from(tables.sessions)).scalar_one()

    def events(self) -> list[Event]:
        """Everything told, oldest first."""
        table = tables.events
        with self._reading() as connection:
            rows = connection.execute(select(table).order_by(table.c.id))
            return [Event(row.time, row.kind, row.text) for row in rows]

    def weights(self, candidate_id: int, role: Role = "finalist") -> dict[int, Path]:
        """The weight files of a finalist, of its control, or (`search`) of what others may inherit, by seed."""
        return weights_of(self.folder, candidate_id, role)

    def close(self) -> None:
        """Free the connections."""
        self._engine.dispose()

    def __enter__(self) -> "RunReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def load_run(folder: Path) -> RunReader:
    """Open a run for reading. Raises `UsageError` when there is none, or none that this version can read."""
    place = str(folder / DATABASE_NAME)
    if not (folder / DATABASE_NAME).is_file():
        raise UsageError(f"{folder}: no run here (no {DATABASE_NAME}). Give the folder that a search had as its --out.")
    engine = open_engine(database_url(folder))
    try:
        with usable(place), engine.connect() as connection:
            held = check(connection, place)
        if not held:
            raise UsageError(f"{place}: empty. The search stopped before it began; start it again.")
    except UsageError:
        engine.dispose()
        raise
    return RunReader(folder, engine)
