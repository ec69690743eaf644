from collections.abc import Iterator
from pathlib import Path

import pytest

from archgraft.sandbox.supervisor import LocalSandbox
from benchmarks.mining import measure

NET = """
import not_there_xyz
from torch import nn


class Good(nn.Module):
    pass


class Raises(nn.Module):
    size = 1 / 0


class Needs(not_there_xyz.Base, nn.Module):
    pass


class Unmendable(nn.Module):
    size = undefined_name
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[LocalSandbox]:
    with LocalSandbox(("archgraft.evaluator.execute",), training=False) as made:
        yield made


def test_each_class_is_counted_once_with_its_reason(tmp_path: Path, sandbox: LocalSandbox) -> None:
    file = tmp_path / "net.py"
    file.write_text(NET)
    figures = measure([str(file)], 0, 0, sandbox, tmp_path / "cache")
    assert (figures.n_classes, figures.extracted, figures.executes, figures.executes_clean) == (4, 3, 1, 1)
    assert sorted(reason.split(":")[0] for reason in figures.failures) == [
        "extract",
        "requires not_there_xyz",
        "runtime_error",
    ]
    assert any("ZeroDivisionError" in reason for reason in figures.failures)
    assert figures.lines_p50 <= figures.lines_p90


def test_a_seed_fixes_the_sample(tmp_path: Path, sandbox: LocalSandbox) -> None:
    file = tmp_path / "net.py"
    file.write_text(NET)
    first, second = (measure([str(file)], 2, 5, sandbox, tmp_path / "cache") for _ in range(2))
    assert first.n_sampled == 2
    assert first.failures == second.failures
