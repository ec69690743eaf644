"""Law 1: nothing executes mined or generated code outside the sandbox; parsing is static."""

from tests.architecture.code import calls, python_files, relative

EXECUTES_IN_THE_CHILD = {
    "evaluator/loading.py": "turns emitted source into a module; it runs in the sandbox child only",
}
IMPORTS_BY_NAME = {
    "agent/cli/__init__.py": "its own commands",
    "evaluator/originals.py": "the package that a class was mined from, in the child",
    "evaluator/tasks/user.py": "the user's own task, which is trusted",
    "evaluator/imported.py": "a loss or training function of the user's own, in the child",
    "sandbox/serving.py": "a job's entry, in the child",
    "sandbox/zygote.py": "what every child will need, imported before the fork",
}


def test_only_the_child_executes_source() -> None:
    found = {
        relative(path)
        for path in python_files()
        for name, _ in calls(path)
        if name in {"exec", "eval", "runpy.run_path", "runpy.run_module", "builtins.exec", "builtins.eval"}
    }
    assert found == set(EXECUTES_IN_THE_CHILD)


def test_only_known_doors_import_by_name() -> None:
    found = {
        relative(path)
        for path in python_files()
        for name, _ in calls(path)
        if name.rpartition(".")[2] in {"import_module", "__import__", "exec_module"}
    }
    assert found <= set(IMPORTS_BY_NAME), "a module imported by name may be a user's: give it a door, with its reason"
