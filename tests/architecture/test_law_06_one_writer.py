"""Law 6: only the run store writes run state; everything else returns values."""

from tests.architecture.code import imports, python_files

DATABASES = {"sqlalchemy", "sqlite3"}


def may_use_a_database(file: str) -> bool:
    """The run store; the library of mined modules and the cache of the index, which are no run state."""
    return file.startswith(("agent/store", "tree_ops/library", "tree_ops/index_cache.py"))


def test_only_the_stores_talk_to_a_database() -> None:
    elsewhere = [
        str(found)
        for path in python_files()
        for found in imports(path)
        if found.top in DATABASES and not may_use_a_database(found.file)
    ]
    assert elsewhere == []


def may_use_optuna(file: str) -> bool:
    """The run store, and the pool of genes, whose studies live in memory for the length of one question."""
    return file.startswith("agent/store") or file == "agent/genes/pool.py"


def test_only_the_run_store_writes_an_optuna_study() -> None:
    elsewhere = [
        str(found)
        for path in python_files()
        for found in imports(path)
        if found.top == "optuna" and not may_use_optuna(found.file)
    ]
    assert elsewhere == []
