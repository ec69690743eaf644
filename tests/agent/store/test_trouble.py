"""What breaks under a run at work is told in one message, and when it is mended the run goes on, with nothing lost."""

import fcntl
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event

from archgraft.agent.errors import UsageError
from archgraft.agent.store import database
from archgraft.agent.store.ledger import Entry, ledger
from archgraft.agent.store.lock import LOCK_NAME, RunLock, is_locked
from archgraft.agent.store.lock_holders import holders
from archgraft.agent.store.opening import open_run
from archgraft.agent.store.optuna_mirror import sync_mirror
from archgraft.agent.store.reader import load_run
from archgraft.agent.store.run_store import RunStore
from archgraft.agent.store.trouble import BACKUP_NAME
from tests.agent.synthetic import SyntheticRun, run_info

N_ATTEMPTS = 8


def go_on(store: RunStore, last: int = N_ATTEMPTS) -> None:
    """Work as a search does: take up what is pending, then plan and finish attempt after attempt."""
    run = SyntheticRun(store)
    finished = {attempt.index: attempt for attempt in store.attempts()}
    if not finished:
        run.rootstock()
    pending = {proposal.attempt: proposal.question for proposal in store.pending()}
    for index in range(1, last + 1):
        if index in finished:
            run.steps[index] = ()
            score = finished[index].oriented_score
            run.best = max(run.best, (index, score or 0.0), key=lambda best: best[1])
        else:
            run.finish(pending.get(index) or run.propose(index))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[Entry]:
    folder = tmp_path_factory.mktemp("undisturbed")
    with open_run(folder, run_info()) as store:
        go_on(store)
        return ledger(store)


@pytest.fixture
def half(tmp_path: Path) -> Iterator[RunStore]:
    """A run at work, with half of its attempts finished."""
    with open_run(tmp_path / "run", run_info()) as store:
        go_on(store, N_ATTEMPTS // 2)
        yield store


def refused(store: RunStore) -> str:
    with pytest.raises(UsageError) as caught:
        go_on(store)
    store.close()
    return str(caught.value)


def ends_like(folder: Path, undisturbed: list[Entry]) -> bool:
    with open_run(folder, run_info()) as store:
        go_on(store)
        charged = [spend.attempt for spend in store.spend_by_attempt() if spend.attempt is not None]
        return ledger(store) == undisturbed and charged == list(range(N_ATTEMPTS + 1))


def test_a_full_disk_names_file_folder_and_room_and_loses_nothing(half: RunStore, undisturbed: list[Entry]) -> None:
    def full(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # SQLite then says what it says on a full disk

    event.listen(half._engine, "connect", full)
    half._engine.dispose()
    message = refused(half)
    assert message.startswith(f"{half.place}: the disk is full: ")
    assert f"iB free in {half.folder}. Free some space, then run the same command again" in message
    assert ends_like(half.folder, undisturbed)


def test_a_run_that_was_moved_away_goes_on_when_it_is_back(half: RunStore, undisturbed: list[Entry]) -> None:
    elsewhere = half.folder.with_name("elsewhere")
    half.folder.rename(elsewhere)
    assert "deleted, moved or replaced" in refused(half)
    assert not half.folder.exists()
    assert ends_like(elsewhere, undisturbed)


def test_a_deleted_database_is_told_and_not_begun_anew_by_the_search_that_had_it(half: RunStore) -> None:
    Path(half.place).unlink()
    half._engine.dispose()  # as for a thread that opens a connection of its own only now
    assert "deleted, moved or replaced" in refused(half)
    assert not Path(half.place).exists()


@pytest.mark.parametrize("how", ["emptied", "garbage", "one page"])
def test_a_damaged_database_is_told_and_its_copy_goes_on(how: str, half: RunStore, undisturbed: list[Entry]) -> None:
    half._backup.keep()
    path, copy = Path(half.place), half.folder / BACKUP_NAME
    content = path.read_bytes()
    broken = {"emptied": b"", "garbage": os.urandom(9000), "one page": content[:4096] + os.urandom(len(content) - 4096)}
    path.write_bytes(broken[how])
    half._engine.dispose()  # and with it the pages that it remembers
    message = refused(half)
    assert f"put {copy} in its place, then run the same command again" in message
    with pytest.raises(UsageError, match="A copy lies beside it"):
        open_run(half.folder, run_info())
    shutil.move(copy, path)
    assert ends_like(half.folder, undisturbed)


def test_a_damaged_database_never_replaces_a_copy_that_is_whole(half: RunStore) -> None:
    half._backup.keep()
    kept = (half.folder / BACKUP_NAME).read_bytes()
    with Path(half.place).open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)
    with pytest.raises(UsageError, match="not a readable run"):
        half.close()
    assert (half.folder / BACKUP_NAME).read_bytes() == kept


def test_a_copy_is_kept_when_a_search_ends_and_now_and_then_before(tmp_path: Path) -> None:
    now = [0.0]
    with open_run(tmp_path, run_info(), clock=lambda: now[0]) as store:
        go_on(store, 2)
        assert not (tmp_path / BACKUP_NAME).exists()
        now[0] += 1000.0
        go_on(store, 3)
        assert (tmp_path / BACKUP_NAME).exists()
        (tmp_path / BACKUP_NAME).unlink()
    assert (tmp_path / BACKUP_NAME).exists()


def test_a_lost_database_is_not_begun_anew_while_its_copy_is_there(half: RunStore) -> None:
    half.close()
    Path(half.place).unlink()
    with pytest.raises(UsageError, match="gone or empty"):
        open_run(half.folder, run_info())
    assert not is_locked(half.folder)


def test_a_file_kept_locked_is_waited_for_once_and_its_holder_named(
    half: RunStore, undisturbed: list[Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_SECONDS", 0.05)
    half._engine.dispose()
    other = sqlite3.connect(half.place, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    message = refused(half)
    who = "".join(f" \\({holder}\\)" for holder in holders(Path(half.place)))
    with pytest.raises(UsageError, match=f"another program{who} has kept the file locked"):
        load_run(half.folder)
    assert "another program" in message
    with pytest.raises(UsageError) as again:
        half.record_event("note", "at once, with the same words")
    assert str(again.value) == message
    other.rollback()
    other.close()
    assert ends_like(half.folder, undisturbed)


def test_who_holds_a_lock_is_read_from_the_systems_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inode = tmp_path.stat().st_ino
    listed = tmp_path / "locks"
    listed.write_text(
        f"1: POSIX  ADVISORY  WRITE {os.getpid()} 08:01:{inode} 0 EOF\n"
        f"1: -> POSIX  ADVISORY  WRITE 1 08:01:{inode} 0 EOF\n"
        f"2: FLOCK  ADVISORY  WRITE 1 08:01:{inode + 1} 0 EOF\n"
        f"3: POSIX  ADVISORY  READ  1 08:01:{inode} 0 EOF\n"
    )
    monkeypatch.setattr("archgraft.agent.store.lock_holders._LOCKS", listed)
    [holder] = holders(tmp_path)
    assert holder.startswith(f"process {os.getpid()}, ")
    listed.unlink()
    assert holders(tmp_path) == []


def test_of_searches_started_at_one_moment_exactly_one_works(tmp_path: Path) -> None:
    together = threading.Barrier(4)
    over = threading.Barrier(4)

    def start(_: int) -> str:
        together.wait(20)
        try:
            store = open_run(tmp_path, run_info())
        except UsageError as error:
            over.wait(20)
            return str(error)
        go_on(store, 1)
        over.wait(20)
        store.close()
        return "worked"

    with ThreadPoolExecutor(4) as pool:
        said = sorted(pool.map(start, range(4)))
    assert said[-1] == "worked"
    assert all(f"another search works on this run (process {os.getpid()} on " in message for message in said[:-1])


def test_a_search_that_got_past_the_lock_stops_the_one_before_it(half: RunStore, undisturbed: list[Entry]) -> None:
    (half.folder / LOCK_NAME).unlink()
    with open_run(half.folder, run_info()) as later:
        message = refused(half)
        assert "another search has taken this run over" in message
        go_on(later)
        assert ledger(later) == undisturbed


def test_a_file_system_without_locks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(UsageError, match=r"has no locks \(No locks available\).*on a local disk"):
        RunLock(tmp_path)
    assert not is_locked(tmp_path)


def test_a_mirror_in_trouble_says_the_same(half: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_SECONDS", 0.05)
    sync_mirror(half)
    go_on(half, N_ATTEMPTS)
    with sqlite3.connect(half.place) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UsageError, match="has kept the file locked"):
            sync_mirror(half)
    other.close()


def test_the_mirror_heeds_attempts_that_finish_while_it_reads(half: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    read = half.finished_at

    def read_then_finish_another() -> dict[int, float]:
        found = read()
        go_on(half, N_ATTEMPTS // 2 + 1)
        return found

    monkeypatch.setattr(half, "finished_at", read_then_finish_another)
    assert sync_mirror(half) == N_ATTEMPTS // 2 + 1
    assert sync_mirror(half) == 1


@pytest.mark.parametrize("name", ["a run?", "100%", "run#1", "a&b=c"])
def test_a_folder_may_have_any_name(name: str, tmp_path: Path) -> None:
    with open_run(tmp_path / name, run_info()) as store:
        go_on(store, 1)
        sync_mirror(store)
    assert {path.name for path in (tmp_path / name).iterdir()} == {LOCK_NAME, database.DATABASE_NAME, BACKUP_NAME}
