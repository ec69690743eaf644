"""`archgraft tree` on models of every kind: the tree, or one message that says what to do."""

import json
from contextlib import nullcontext
from pathlib import Path

import networkx as nx
import pytest

from archgraft.agent.cli import main
from archgraft.agent.cli.boundary import EXIT_NO
from archgraft.sandbox.supervisor import LocalSandbox

HEAD = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(8, 8)
        self.b = nn.Linear(8, 8)

    def forward(self, x):
        return self.a(x)


class Model(Net):
"""

BAD = {
    "needs arguments": (
        "    def __init__(self, width):\n        super().__init__()",
        ["'width'", "give the arguments"],
    ),
    "needs a file": (
        "    def __init__(self):\n        super().__init__()\n        torch.load('weights.pt')",
        ["'weights.pt'", "none of your files"],
    ),
    "needs a GPU": (
        "    def __init__(self):\n        super().__init__()\n        self.a.cuda()",
        ["trees are made without a GPU"],
    ),
    "gives two tensors": (
        "    def forward(self, x):\n        return x, self.a(x)",
        ["is a tuple", "a class around it"],
    ),
    "gives a dict": (
        "    def forward(self, x):\n        return {'out': self.a(x)}",
        ["is a dict", "a class around it"],
    ),
    "takes two inputs": ("    def forward(self, x, y):\n        return self.a(x) + y", ["takes 2 inputs: x, y"]),
    "learns nothing": ("    def forward(self, x):\n        return self.a(x).detach()", ["no parameter receives"]),
    "mixes the batch": ("    def forward(self, x):\n        return self.a(x).sum(0)", ["turns a batch of 5 into"]),
}


class Command:
    """`archgraft tree` on a model that derives from `Net`."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._path, self._capsys = path, capsys

    def run(self, body: str, *options: str) -> tuple[int, str, str]:
        """Exit code, output and errors for a class body."""
        self._path.write_text(f"{HEAD}{body}\n")
        with pytest.raises(SystemExit) as stop:
            main(["tree", f"{self._path}:Model", *options])
        shown = self._capsys.readouterr()
        assert isinstance(stop.value.code, int)
        return stop.value.code, shown.out, shown.err


@pytest.fixture
def tree(
    shared_sandbox: LocalSandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    monkeypatch.setattr("archgraft.sandbox.opening.open_sandbox", lambda *_, **__: nullcontext(shared_sandbox))
    return Command(tmp_path / "model.py", capsys)


@pytest.mark.parametrize("options", [(), ("--input", "8")], ids=["input found", "input given"])
@pytest.mark.parametrize("kind", BAD)
def test_a_model_that_can_not_be_used_ends_in_one_message(tree: Command, kind: str, options: tuple[str, ...]) -> None:
    body, expected = BAD[kind]
    code, _, message = tree.run(body, *options)
    assert code == 2
    assert message.count("archgraft: ") == 1
    assert "Traceback" not in message
    for part in expected:
        assert part in message


def test_an_input_that_no_shape_fits_tells_what_the_model_said(tree: Command) -> None:
    code, _, message = tree.run("    def forward(self, x):\n        return self.a(x.view(3, 5, 7))")
    assert code == 2
    assert "with 8: RuntimeError: shape '[3, 5, 7]' is invalid" in message
    assert "--input" in message


def test_what_depends_on_data_is_listed_as_closed_and_the_rest_works(tree: Command) -> None:
    code, shown, _ = tree.run("    def forward(self, x):\n        return self.a(x if x.mean() > 0 else self.b(x))")
    assert code == 0
    row = next(line for line in shown.splitlines() if line.startswith("  b"))
    assert "called for some inputs, or in one mode, only" in row
    assert "forward branches on the values of its input in: the model" in shown


def test_a_child_that_forward_reassigns_is_listed_as_closed(tree: Command) -> None:
    code, shown, _ = tree.run(
        "    def forward(self, x):\n        self.b = nn.Linear(8, 8)\n        return self.b(self.a(x))"
    )
    assert code == 0
    assert [line.split()[0] for line in shown.splitlines() if "reassigned in forward" in line] == ["b"]


def test_collapse_shows_blocks_that_are_built_alike_once(tree: Command) -> None:
    body = (
        "    def __init__(self):\n        super().__init__()\n"
        "        self.c = nn.Sequential(*[nn.Sequential(nn.Linear(8, 8), nn.Dropout()) for _ in range(3)])\n\n"
        "    def forward(self, x):\n        return self.c(self.b(self.a(x)))"
    )
    _, expanded, _ = tree.run(body)
    code, collapsed, _ = tree.run(body, "--collapse")
    assert code == 0
    assert expanded.count("Dropout") == 3
    assert collapsed.count("Dropout") == 1
    assert "Sequential x 3" in collapsed


def test_check_compares_the_reprint_and_the_original(tree: Command) -> None:
    code, shown, _ = tree.run("    scale = 2", "--check")
    assert code == 0
    assert shown.count(": equal") == 3
    code, shown, _ = tree.run("    scale = 2", "--check", "--json")
    assert [check["kind"] for check in json.loads(shown)["checks"]] == ["equal"] * 3


def test_check_ends_with_exit_code_4_when_the_copy_does_something_else(tree: Command) -> None:
    body = "    def forward(self, x):\n        return self.a(x) if __name__ == 'model' else self.b(x)"
    code, shown, _ = tree.run(body, "--check")
    assert code == EXIT_NO
    assert "of the original: differs: in eval mode, output" in shown
    assert "of the reprint: equal" in shown


def test_both_graphs_are_written_as_graphml(tree: Command, tmp_path: Path) -> None:
    body = "    def forward(self, x):\n        return self.a(self.b(x))"
    code, shown, _ = tree.run(body, "--graph", str(tmp_path / "net.graphml"))
    assert code == 0
    found = {}
    for name in ("containment", "calls"):
        path = tmp_path / f"net-{name}.graphml"
        assert f"wrote {path}" in shown.replace("\n", "")
        graph = nx.read_graphml(path)
        paths = nx.get_node_attributes(graph, "path")
        found[name] = {(paths[source], paths[target]) for source, target in graph.edges}
    assert found == {"containment": {("", "a"), ("", "b")}, "calls": {("b", "a")}}


@pytest.mark.parametrize("place", ["net.png", "nowhere/net.graphml"])
def test_a_place_where_no_graph_can_be_written_is_refused_before_anything_runs(tree: Command, place: str) -> None:
    code, _, message = tree.run("    def forward(self, x):\n        return self.a(x)", "--graph", place)
    assert code == 2
    assert f"--graph {place}: state a file that ends in .graphml" in " ".join(message.split())
