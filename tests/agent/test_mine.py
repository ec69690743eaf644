"""Mining a small package end to end: what is taken, what is not, and what a second run does."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from archgraft.agent.argument_question import VALUES, ArgumentQuestion
from archgraft.agent.choosers.openai_client import connect
from archgraft.agent.cli import application
from archgraft.agent.mine import MineStep, MineSummary, choose, mine, read_sources
from archgraft.agent.mine_report import as_json
from archgraft.agent.mining import MAX_LINES
from archgraft.agent.settings import LlmSettings
from archgraft.sandbox.protocol import Sandbox
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.expressions import Expression
from archgraft.tree_ops.fetch import resolve
from archgraft.tree_ops.index import Definition
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.library_records import ModuleFilter
from archgraft.tree_ops.sources import SourceRoot
from tests.agent.choosers.openai_server import says, serving

LAYERS = '''
import torch
from torch import nn
from .helpers import halved


class Pointwise(nn.Module):
    """A linear layer over channels."""

    def __init__(self, dim, ratio=2):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(dim, dim * ratio), nn.GELU(), nn.Linear(dim * ratio, dim))

    def forward(self, x):
        return halved(self.net(x))


class ConvBlock(nn.Module):
    def __init__(self, in_chs, out_chs):
        super().__init__()
        self.conv = nn.Conv2d(in_chs, out_chs, 3, padding=1)

    def forward(self, x):
        return torch.relu(self.conv(x))


class MarginLoss(nn.Module):
    def forward(self, output, target):
        return (output - target).abs().mean()


class Wrapper(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.scale = inner["table"].size

    def forward(self, x):
        return x * self.scale
'''
HELPERS = "def halved(x):\n    return x / 2\n"
COPIES = """
from torch import nn
from somewhere_else import special
from .helpers import halved


class Copied(nn.Module):
    # The same code under another name.
    def __init__(self, dim, ratio=2):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(dim, dim * ratio), nn.GELU(), nn.Linear(dim * ratio, dim))

    def forward(self, x):
        return halved(self.net(x))


class Special(nn.Module):
    constant = special(3)

    def forward(self, x):
        return x * self.constant
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with LocalSandbox(preload=("archgraft.evaluator.probe",)) as made:
        yield made


@pytest.fixture
def root(tmp_path: Path) -> SourceRoot:
    folder = tmp_path / "little_nets"
    folder.mkdir()
    files = {"__init__": "", "layers": LAYERS, "helpers": HELPERS, "copies": COPIES, "broken": "def (:\n"}
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return SourceRoot("little-nets", "1.0", "MIT", folder, "little_nets")


def mined(root: SourceRoot, path: Path, sandbox: Sandbox, n_workers: int = 2) -> tuple[MineSummary, list[MineStep]]:
    steps: list[MineStep] = []
    with Library(path, create=True) as library:
        return mine(read_sources([root]), library, sandbox, n_workers=n_workers, progress=steps.append), steps


def test_every_class_is_stored_or_has_a_reason(tmp_path: Path, root: SourceRoot, sandbox: Sandbox) -> None:
    summary, steps = mined(root, tmp_path / "library.sqlite", sandbox)
    (source,) = summary.sources
    assert (source.n_classes, source.n_stored, source.n_known) == (6, 3, 0)
    assert dict(source.by_family) == {"mlp": 2, "convolution": 1}
    assert {step.qualified_name.rpartition(".")[2]: step.kind for step in steps} == {
        "Copied": "stored",
        "Special": "requires",
        "Pointwise": "stored",
        "ConvBlock": "stored",
        "MarginLoss": "contract",
        "Wrapper": "construct",
    }
    assert all(step.reason for step in steps if step.kind != "stored")
    assert [step.n_done for step in steps] == [1, 2, 3, 4, 5, 6]
    assert len(source.unreadable_files) == 1
    assert "broken.py" in source.unreadable_files[0]


def test_a_copy_is_an_origin_not_a_module(tmp_path: Path, root: SourceRoot, sandbox: Sandbox) -> None:
    summary, _ = mined(root, tmp_path / "library.sqlite", sandbox)
    with Library(tmp_path / "library.sqlite") as library:
        (module,) = library.modules(ModuleFilter(family="mlp"))
    assert summary.n_modules == 2
    assert [origin.qualified_name for origin in module.origins] == [
        "little_nets.copies.Copied",
        "little_nets.layers.Pointwise",
    ]
    assert (module.spec.origin.licence, module.spec.origin.version) == ("MIT", "1.0")
    assert "def halved" in module.spec.source


def content(path: Path) -> list[object]:
    with Library(path) as library:
        return [library.modules(), library.rejections(), library.counts()]


def test_the_library_does_not_depend_on_what_ran_faster(tmp_path: Path, root: SourceRoot, sandbox: Sandbox) -> None:
    mined(root, tmp_path / "one.sqlite", sandbox, n_workers=1)
    mined(root, tmp_path / "three.sqlite", sandbox, n_workers=3)
    assert content(tmp_path / "one.sqlite") == content(tmp_path / "three.sqlite")


def test_a_second_run_does_nothing_anew(tmp_path: Path, root: SourceRoot, sandbox: Sandbox) -> None:
    path = tmp_path / "library.sqlite"
    mined(root, path, sandbox)
    before = content(path)
    summary, steps = mined(root, path, sandbox)
    assert {step.kind for step in steps} == {"known"}
    assert (summary.sources[0].n_known, summary.n_modules) == (6, 2)
    assert content(path) == before


def test_an_interrupted_run_is_taken_up(tmp_path: Path, root: SourceRoot, sandbox: Sandbox) -> None:
    def interrupt(step: MineStep) -> None:
        if step.n_done == 3:
            raise KeyboardInterrupt

    path = tmp_path / "library.sqlite"
    with Library(path, create=True) as library, pytest.raises(KeyboardInterrupt):
        mine(read_sources([root]), library, sandbox, progress=interrupt)
    summary, _ = mined(root, path, sandbox)
    mined(root, tmp_path / "undisturbed.sqlite", sandbox)
    assert summary.sources[0].n_known == 3
    assert content(path) == content(tmp_path / "undisturbed.sqlite")


def test_code_without_a_version_is_looked_at_again(tmp_path: Path, root: SourceRoot, sandbox: Sandbox) -> None:
    path, unversioned = tmp_path / "library.sqlite", SourceRoot("nets", "", "MIT", root.folder, root.package)
    mined(unversioned, path, sandbox)
    (root.folder / "layers.py").write_text(LAYERS.replace("torch.relu", "torch.tanh"))
    summary, _ = mined(unversioned, path, sandbox)
    with Library(path) as library:
        (module,) = library.modules(ModuleFilter(family="convolution"))
    assert "torch.tanh" in module.spec.source
    assert (summary.sources[0].n_stored, summary.sources[0].n_known, summary.n_modules) == (1, 2, 2)


def test_what_was_too_long_is_looked_at_again_when_longer_modules_are_wanted(
    tmp_path: Path, root: SourceRoot, sandbox: Sandbox
) -> None:
    lines = "".join(f"        x = x + 0.001  # {number}\n" for number in range(MAX_LINES))
    long = (
        "from torch import nn\n\n\nclass Long(nn.Module):\n    def forward(self, x):\n" + lines + "        return x\n"
    )
    for path in root.folder.glob("*.py"):
        path.write_text(long if path.stem == "layers" else "")
    library = tmp_path / "library.sqlite"
    _, (refused,) = mined(root, library, sandbox)
    _, (known,) = mined(root, library, sandbox)
    with Library(library, create=True) as opened:
        mine(read_sources([root]), opened, sandbox, max_lines=2 * MAX_LINES)
        (module,) = opened.modules()
    assert (refused.kind, known.kind) == ("size", "known")
    assert module.spec.class_name == "Long"


def test_a_limit_draws_the_same_classes_for_the_same_seed() -> None:
    classes = [Definition("package.module", f"Class{number:02}") for number in range(40)]
    drawn = choose(classes, 10, seed=3)
    assert drawn == choose(classes, 10, seed=3) != choose(classes, 10, seed=4)
    assert list(drawn) == sorted(drawn, key=lambda definition: definition.name)
    assert len(set(drawn)) == 10
    assert choose(classes, 100, seed=3) == tuple(classes)


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(application(("mine", "library")), [str(argument) for argument in arguments])


def test_the_commands_mine_list_filter_and_show(tmp_path: Path, root: SourceRoot) -> None:
    path = tmp_path / "library.sqlite"
    done = command("mine", root.folder, "--library", path)
    assert done.exit_code == 0, done.output
    assert "convolution 1" in done.stdout
    assert "construct 1" in done.stdout
    assert "2 modules" in done.stdout
    assert "not readable" in done.stdout

    listed = command("library", "list", "--library", path)
    assert "little_nets.layers.ConvBlock" in listed.stdout
    assert "2 of 2 modules" in listed.stdout
    assert "1 of 2 modules" in command("library", "list", "--library", path, "--family", "mlp").stdout
    assert "0 of 2 modules" in command("library", "list", "--library", path, "--layout", "signal").stdout

    rejected = command("library", "rejected", "--library", path, "--text", "wrapper")
    assert "no value is known for the required parameter `inner`" in rejected.stdout
    assert "1 classes not taken" in rejected.stdout

    (module,) = json.loads(command("library", "list", "--library", path, "--family", "convolution", "--json").stdout)
    shown = command("library", "show", module["id"][:6], "--library", path)
    assert "# build it as ConvBlock(in_chs=in_width, out_chs=out_width)" in shown.stdout
    assert "class ConvBlock(nn.Module):" in shown.stdout
    assert "little_nets.layers.ConvBlock" in shown.stdout


def test_the_summary_as_json_has_all_counts(tmp_path: Path, root: SourceRoot, sandbox: Sandbox) -> None:
    with Library(tmp_path / "library.sqlite", create=True) as library:
        summary = mine(read_sources([root]), library, sandbox, limit=2)
    (source,) = json.loads(as_json(summary))["sources"]
    assert source["n_classes"] == 2
    assert source["n_stored"] + sum(source["by_rejection"].values()) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mine", "nowhere.py"), "there is no file or folder nowhere.py"),
        (("mine", "pypi:timm"), "NAME==VERSION"),
        (("library", "list", "--library", "nowhere.sqlite"), "there is no library at nowhere.sqlite"),
    ],
)
def test_what_the_user_can_mend_is_one_message_and_code_2(arguments: tuple[str, ...], message: str) -> None:
    done = command(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr


def test_words_that_mean_nothing_are_answered_with_those_that_do(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    Library(path, create=True).close()
    for option, word in (("--family", "attention"), ("--layout", "map_last")):
        done = command("library", "list", "--library", path, option, "nonsense")
        assert done.exit_code == 2
        assert word in done.stderr
    done = command("library", "show", "abc", "--library", path)
    assert (done.exit_code, "no module has an id that starts with 'abc'" in done.stderr) == (2, True)


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize(("source", "least"), [("pypi:timm==1.0.31", 200), ("pypi:vit-pytorch==1.26.11", 60)])
def test_real_packages_give_a_library_worth_searching(
    tmp_path: Path, sandbox: Sandbox, source: str, least: int
) -> None:
    summary, _ = mined(resolve(source, tmp_path), tmp_path / "library.sqlite", sandbox)
    assert summary.n_modules >= least
    assert summary.sources[0].n_extracted >= 0.95 * summary.sources[0].n_classes


def test_a_cap_changes_what_is_offered_and_not_what_is_stored(tmp_path: Path, root: SourceRoot) -> None:
    path = tmp_path / "library.sqlite"
    assert command("mine", root.folder, "--library", path, "--cap", "1").exit_code == 0
    assert "1 of 2 modules; 1 are offered" in command("library", "list", "--library", path).stdout
    assert "2 of 2 modules; 1 are offered" in command("library", "list", "--all", "--library", path).stdout
    assert "at most 1 of each source" in command("library", "stats", "--library", path).stdout


def test_the_licence_text_of_a_source_is_kept(tmp_path: Path, root: SourceRoot, sandbox: Sandbox) -> None:
    licensed = dataclasses.replace(root, licence_text="Do what you like, but name us.")
    mined(licensed, tmp_path / "library.sqlite", sandbox)
    with Library(tmp_path / "library.sqlite") as library:
        licence = library.licence_of("little-nets", "1.0")
    assert licence is not None
    assert licence.text == "Do what you like, but name us."


TAUGHT = """
from torch import nn


class Taught(nn.Module):
    def __init__(self, plan):
        super().__init__()
        assert plan["kind"] == "pointwise"
        self.net = nn.Linear(plan["width"], plan["width"])

    def forward(self, x):
        return self.net(x)


class Teacher(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.net = Taught({"kind": "pointwise", "width": dim})

    def forward(self, x):
        return self.net(x)
"""


def test_what_no_guess_builds_is_learnt_from_the_classes_that_use_it(tmp_path: Path, sandbox: Sandbox) -> None:
    folder = tmp_path / "taught_nets"
    folder.mkdir()
    folder.joinpath("__init__.py").write_text("")
    folder.joinpath("layers.py").write_text(TAUGHT)
    summary, steps = mined(resolve(str(folder), tmp_path), tmp_path / "library.sqlite", sandbox)
    assert summary.n_modules == 2
    assert [step.qualified_name.rpartition(".")[2] for step in steps] == ["Teacher", "Taught"]
    with Library(tmp_path / "library.sqlite") as library:
        taught = next(m for m in library.modules(ModuleFilter()) if m.spec.class_name == "Taught")
    assert taught.contract.arguments_for(24, 24) == {
        "plan": Expression("{'kind': 'pointwise', 'width': 24}"),
    }


ASKED = """
import torch
from torch import nn


class Asked(nn.Module):
    def __init__(self, recipe):
        super().__init__()
        assert recipe == 7
        self.recipe = recipe

    def forward(self, x):
        return torch.sin(x * self.recipe)
"""


@pytest.mark.parametrize(("reply", "n_modules"), [("seven", 1), ("nonsense", 0)])
def test_a_language_model_may_say_what_nothing_else_could_find(
    tmp_path: Path, sandbox: Sandbox, reply: str, n_modules: int
) -> None:
    seven = next(number for number, (shown, _) in enumerate(VALUES) if shown == "7")
    tmp_path.joinpath("asked.py").write_text(ASKED)
    root = resolve(str(tmp_path / "asked.py"), tmp_path)
    with (
        serving(says(json.dumps({"p0": f"v{seven}" if reply == "seven" else "7"}))) as server,
        Library(tmp_path / "library.sqlite", create=True) as library,
    ):
        client = connect(LlmSettings(base_url=server.url, model="scripted", api_key_variable="", max_retries=0))
        summary = mine(read_sources([root]), library, sandbox, question=ArgumentQuestion(client))
    assert summary.n_modules == n_modules
    assert len(server.requests) == 1
