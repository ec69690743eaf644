"""Law 11: each heavy import has one door."""

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.architecture.code import Import, imports, python_files, relative

STARTS_PROCESSES = ("sandbox/", "tree_ops/fetch", "tree_ops/index_workers.py")
"""Besides the sandbox: the fetching of sources (pip, git), and the processes that parse files, and only parse."""
MODEL_SOURCE = ("tree_ops/adapter_modules",)
"""Files under tree_ops/ whose text is grafted into models; they are read, never imported by the parent."""


def all_imports() -> list[Import]:
    return [found for path in python_files() for found in imports(path)]


def elsewhere(names: set[str], allowed: Callable[[str], bool]) -> list[str]:
    return [str(found) for found in all_imports() if found.top in names and not allowed(found.file)]


def test_libcst_is_imported_by_tree_ops_only() -> None:
    assert elsewhere({"libcst"}, lambda file: file.startswith("tree_ops/")) == []


def test_torch_is_imported_by_child_programs_only() -> None:
    child = ("evaluator/", "sandbox/", *MODEL_SOURCE)
    assert elsewhere({"torch", "torchvision"}, lambda file: file.startswith(child)) == []


def test_processes_are_started_by_the_sandbox_by_fetching_and_by_indexing_only() -> None:
    names = {"subprocess", "multiprocessing", "pty"}
    assert elsewhere(names, lambda file: file.startswith(STARTS_PROCESSES)) == []


def test_the_llm_client_is_imported_when_first_used_and_in_one_file() -> None:
    found = [found for found in all_imports() if found.top in {"openai", "litellm"}]
    assert [str(one) for one in found if not one.late] == []
    assert len({one.file for one in found}) <= 1


@pytest.mark.parametrize("package", ["agent", "tree_ops", "prompts"])
def test_importing_all_of_a_parent_package_brings_in_nothing_heavy(package: str) -> None:
    files = [relative(path) for path in python_files(package)]
    modules = [
        "archgraft." + file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for file in files
        if not file.startswith(MODEL_SOURCE)
    ]
    program = (
        "import importlib, json, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print(json.dumps(sorted({'torch', 'openai', 'litellm', 'sklearn'} & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
