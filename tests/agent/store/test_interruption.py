import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from archgraft.agent.store.database import DATABASE_NAME, database_url, open_engine, writing
from archgraft.agent.store.interruption import uninterrupted


@pytest.fixture(autouse=True)
def heeded() -> Iterator[None]:
    """What a shell starts in the background ignores interrupts: here they are heeded, whoever started the tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt_nested_blocks(reached: list[str]) -> None:
    with uninterrupted():
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            reached.append("inner")
        reached.append("outer")
    reached.append("after")


def interrupt_a_transaction(engine: Engine) -> None:
    with writing(engine, "run") as connection:
        connection.execute(text("create table numbers (n integer)"))
        signal.raise_signal(signal.SIGINT)
        connection.execute(text("insert into numbers values (1)"))


def test_an_interrupt_is_delivered_when_the_outermost_block_ends() -> None:
    reached: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupt_nested_blocks(reached)
    assert reached == ["inner", "outer"]


def test_a_block_without_interrupt_leaves_the_handler_as_it_was() -> None:
    before = signal.getsignal(signal.SIGINT)
    with uninterrupted():
        pass
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupted_transaction_is_whole_and_leaves_no_lock(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).touch()
    engine = open_engine(database_url(tmp_path))
    with pytest.raises(KeyboardInterrupt):
        interrupt_a_transaction(engine)
    with sqlite3.connect(tmp_path / DATABASE_NAME, timeout=0) as other:
        other.execute("begin immediate")
        assert other.execute("select n from numbers").fetchall() == [(1,)]
        other.rollback()
    other.close()
    engine.dispose()
