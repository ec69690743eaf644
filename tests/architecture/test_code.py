"""The readers that the tests of the laws stand on see what they should."""

from pathlib import Path

from tests.architecture import code


def imports_of(text: str, tmp_path: Path) -> list[tuple[str, bool]]:
    path = tmp_path / "sample.py"
    path.write_text(text, encoding="utf-8")
    return [(found.module, found.late) for found in code._imports(code.parsed(path), "sample.py", late=False)]


def test_imports_at_any_depth_are_seen(tmp_path: Path) -> None:
    text = "import os.path\ntry:\n    from a import b, c\nexcept ImportError:\n    pass\ndef f():\n    import torch\n"
    assert imports_of(text, tmp_path) == [("os.path", False), ("a.b", False), ("a.c", False), ("torch", True)]


def test_imports_for_type_checkers_are_not_imports(tmp_path: Path) -> None:
    assert imports_of("if TYPE_CHECKING:\n    import torch\nelse:\n    import os\n", tmp_path) == [("os", False)]


def test_every_package_has_files() -> None:
    assert {code.relative(path).partition("/")[0] for path in code.python_files()} == set(code.PACKAGES)
