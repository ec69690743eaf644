"""Law 10: dependencies between the packages point one way."""

import pytest

from tests.architecture.code import PACKAGES, imports, python_files

MAY_IMPORT = {
    "tree_ops": set[str](),
    "sandbox": set[str](),
    "prompts": set[str](),
    "evaluator": {"tree_ops", "sandbox"},
    "agent": {"tree_ops", "sandbox", "prompts", "evaluator"},
}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_those_below_it(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    wrong = [
        str(found)
        for path in python_files(package)
        for found in imports(path)
        if found.top == "archgraft" and found.module.split(".")[1] in set(PACKAGES) - allowed
    ]
    assert wrong == []


def test_packages_are_imported_by_their_full_name() -> None:
    wrong = [str(found) for path in python_files() for found in imports(path) if found.top in {*PACKAGES, "", "src"}]
    assert wrong == [], "write 'from archgraft.tree_ops.tree import Tree'"
