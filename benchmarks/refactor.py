"""Refactorings of real single-file models, each in a fresh repository: `python -m benchmarks.refactor --json FILE`.

For each: does `git apply` take the patch, is the model in the patched repository the one that was meant (traced anew,
from the files as they then are), and how many lines of the diff does the change not need. A line is needed when it
belongs to a part of the syntax tree that differs, as small as can be, or parts a new statement from others; a line that
only moved or changed its white space never is.
"""

import argparse
import ast
import json
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from archgraft.agent.paths import cache_folder
from archgraft.agent.refactoring.command import PRELOAD
from archgraft.agent.refactoring.refactor import Refactored, RefactorRequest, refactor
from archgraft.agent.show_tree import traced_model
from archgraft.sandbox.protocol import Limits
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.fetch import resolve
from archgraft.tree_ops.refactoring.patch import patch_of
from archgraft.tree_ops.refactoring.targets import Scope
from archgraft.tree_ops.tree import Tree

VIT_PYTORCH = "pypi:vit-pytorch==1.26.11"
TIMM = "pypi:timm==1.0.31"
OWN = Path(__file__).parent / "edits" / "models"


@dataclass(frozen=True, slots=True)
class Change:
    """One refactoring: where, with what, and how widely."""

    at: str
    replacement: str
    scope: Scope = "instance"


@dataclass(frozen=True, slots=True)
class Sample:
    """A model in one file, of a package or of this repository; `shape` is one sample's, None where it is found."""

    file: str
    construct: str
    changes: tuple[Change, ...]
    shape: tuple[int, ...] | None = (3, 32, 32)
    package: str | None = VIT_PYTORCH


_VIT = "(image_size=32, patch_size=8, num_classes=10, dim=64, depth=4, heads=4, mlp_dim=128)"
SAMPLES = (
    Sample(
        "vit.py",
        f"ViT{_VIT}",
        (
            Change("transformer.layers.*.*.norm", "torch.nn:RMSNorm"),
            Change("transformer.layers.*.1", "timm.layers:GluMlp"),
            Change("transformer.layers.3.1", "timm.layers:SwiGLU(dim, mlp_dim)"),
            Change("transformer.layers.[0-2].1.net.2", "torch.nn:SiLU"),
            Change("transformer.layers.0.0", "vit_pytorch.deepvit:Attention", "site"),
        ),
    ),
    Sample(
        "simple_vit.py",
        f"SimpleViT{_VIT}",
        (
            Change("transformer.layers.*.1", "vit_pytorch.vit:FeedForward"),
            Change("transformer.layers.1.0", "vit_pytorch.vit:Attention"),
            Change("transformer.norm", "torch.nn:RMSNorm"),
        ),
    ),
    Sample(
        "mobile_vit.py",
        "MobileViT(image_size=(64, 64), dims=[24, 32, 40], channels=[8, 16, 24, 24, 32, 32, 40, 40, 48, 48, 64], "
        "num_classes=10)",
        (
            Change("conv1.1", "torch.nn:GroupNorm(4, oup)", "site"),
            Change("trunk.*.1.transformer.layers.*.1", "timm.layers:SwiGLU(dim, mlp_dim)"),
            Change("stem.0.conv.2", "torch.nn:Hardswish()"),
            Change("trunk.0.1.transformer.layers.*.0.norm", "torch.nn:RMSNorm"),
        ),
        (3, 64, 64),
    ),
    Sample(
        "crossformer.py",
        "CrossFormer(dim=(64, 64, 128, 128), depth=(1, 1, 2, 1), global_window_size=(4, 2, 1, 1), "
        "local_window_size=(2, 2, 2, 1), num_classes=10)",
        (
            Change("**.layers.*.1.2", "torch.nn:SiLU()"),
            Change("layers.*.1.layers.*.[02].norm", "torch.nn:GroupNorm(1, dim)"),
        ),
        (3, 64, 64),
    ),
    Sample(
        "conformer.py",
        "Conformer(dim=32, depth=2, dim_head=16, heads=2)",
        (
            Change("layers.*.attn.norm", "torch.nn:RMSNorm"),
            Change("layers.*.conv.net.5", "torch.nn:SiLU()"),
            Change("layers.1.ff2.fn.fn", "timm.layers:SwiGLU"),
            Change("layers.*.post_norm", "torch.nn:Identity", "site"),
        ),
        (16, 32),
        "pypi:conformer==0.3.2",
    ),
    Sample(
        "cifar_resnet.py",
        "resnet18(width=16)",
        (
            Change("layer?.*.bn1", "torch.nn:GroupNorm(8, planes)"),
            Change("layer4.*.conv2", "torch.nn:Conv2d(8 * width, 8 * width, 5, padding=2, bias=False)"),
            Change("layer3.1.bn2", "torch.nn:InstanceNorm2d", "stage"),
        ),
        (3, 32, 32),
        None,
    ),
    Sample(
        "gpt.py",
        "GPT(GPTConfig())",
        (
            Change("transformer.h.*.mlp", "timm.layers:SwiGLU"),
            Change("transformer.h.*.mlp.gelu", "torch.nn:SiLU()"),
            Change("transformer.h.2.ln_1", "torch.nn:RMSNorm(config.n_embd)"),
            Change("**.ln_?", "torch.nn:RMSNorm(config.n_embd)"),
        ),
        None,
        None,
    ),
    Sample(
        "unet.py",
        "UNet()",
        (Change("down*.*.1.*.4", "torch.nn:InstanceNorm2d"), Change("**.double_conv.2", "torch.nn:SiLU(inplace=True)")),
        (3, 64, 64),
        None,
    ),
)


def main() -> None:
    """Print a line for each refactoring, and write all figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="only the models whose file has this in its name")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with LocalSandbox(preload=PRELOAD, training=False) as sandbox:
        for sample in SAMPLES:
            if arguments.only and arguments.only not in sample.file:
                continue
            for change in sample.changes:
                rows.append(measure(sample, change, sandbox))
                show(rows[-1])
    done = [row for row in rows if row["refactored"]]
    print(
        f"{len(done)} of {len(rows)} done, {sum(row['git_applies'] for row in done)} applied by git, "
        f"{sum(row['tree_as_meant'] for row in done)} as meant, "
        f"{sum(row['n_lines_outside'] for row in done)} lines outside, "
        f"median {statistics.median(row['seconds'] for row in rows):.1f} s"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2))


def measure(sample: Sample, change: Change, sandbox: LocalSandbox) -> dict[str, Any]:
    """One refactoring in a repository of its own."""
    cache = cache_folder()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
        source = resolve(sample.package, cache).folder if sample.package else OWN
        shutil.copy(source / sample.file, folder / sample.file)
        text = f"{folder / sample.file}:{sample.construct}"
        before = traced_model(text, sample.shape, [TIMM, VIT_PYTORCH], cache, sandbox, Limits()).tree
        request = RefactorRequest(
            text, (change.at,), change.replacement, change.scope, None, sample.shape, (TIMM, VIT_PYTORCH)
        )
        row: dict[str, Any] = {"model": sample.file, "at": change.at, "with": change.replacement, "scope": change.scope}
        started = time.perf_counter()
        try:
            result = refactor(request, cache, sandbox, Limits())
        except SourceError as error:
            return row | {"refactored": False, "seconds": time.perf_counter() - started, "reasons": [str(error)]}
        row["seconds"] = time.perf_counter() - started
        if not isinstance(result, Refactored):
            return row | {"refactored": False, "reasons": list(result.reasons)}
        patch = patch_of(result.changes)
        applied = subprocess.run(["git", "apply", "-"], cwd=folder, input=patch, capture_output=True, check=False)
        after = traced_model(text, sample.shape, [TIMM, VIT_PYTORCH], cache, sandbox, Limits()).tree
        changed = [one for one in result.changes if one.before is not None]
        return row | {
            "refactored": True,
            "written": list(result.rungs),
            "likeness": result.effect.likeness,
            "n_rebuilt": result.n_rebuilt,
            "git_applies": applied.returncode == 0,
            "tree_as_meant": is_as_meant(before, after, [node.path for node in result.targets], change.replacement),
            "n_lines_outside": sum(n_lines_outside(one.before or b"", one.after) for one in changed),
            "patch": patch.decode(),
        }


def is_as_meant(before: Tree, after: Tree, targets: Sequence[str], replacement: str) -> bool:
    """Whether the new class stands at the targets, and everything else is the class that it was, or one made of it."""
    wanted = replacement.partition("(")[0].rpartition(":")[2]

    def name(tree: Tree, path: str) -> str:
        return re.sub(r"_\d+$", "", tree.at(path).class_name)  # where names are equal, the copy numbers them

    def outside(tree: Tree) -> list[str]:
        return [node.path for node in tree if not any(f"{node.path}.".startswith(f"{path}.") for path in targets)]

    same = all(
        name(after, path).endswith(name(before, path))
        and (name(before, path) != name(after, path) or _arguments(before, after, path))
        for path in outside(before)
    )
    return outside(before) == outside(after) and same and {name(after, path) for path in targets} == {wanted}


def _arguments(before: Tree, after: Tree, path: str) -> bool:
    return before.at(path).arguments == after.at(path).arguments


def n_lines_outside(before: bytes, after: bytes) -> int:
    """The lines of the diff between two Python files that no difference of their syntax trees needs."""
    old, new = (text.decode("utf-8-sig").split("\n") for text in (before, after))
    needed_old, needed_new = _needed_lines(before, after)
    n_outside = 0
    for kind, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        n_outside += sum(number + 1 not in needed_old for number in range(start, end))
        n_outside += sum(number + 1 not in needed_new for number in range(new_start, new_end))
    return n_outside


def _needed_lines(before: bytes, after: bytes) -> tuple[set[int], set[int]]:
    """The lines of either file that a differing part of the syntax tree spans; new statements bring blank lines."""
    needed: tuple[set[int], set[int]] = (set(), set())
    texts = [text.decode("utf-8-sig").split("\n") for text in (before, after)]
    for nodes in _differences(ast.parse(before), ast.parse(after)):
        for side, node in enumerate(nodes):
            if node is None:
                continue
            first, last = node.lineno, node.end_lineno or node.lineno
            needed[side].update(range(first, last + 1))
            if None in nodes:
                needed[side].update(_blank_beside(texts[side], first, last))
    return needed


def _blank_beside(lines: Sequence[str], first: int, last: int) -> Iterator[int]:
    """At most two blank lines on either side."""
    for step, start in ((-1, first - 1), (1, last + 1)):
        for number in (start, start + step):
            if not 1 <= number <= len(lines) or lines[number - 1].strip():
                break
            yield number


def _differences(old: Any, new: Any) -> Iterator[tuple[Any, Any]]:
    """Pairs of the smallest nodes that differ; None stands for what one side lacks."""
    if ast.dump(old) == ast.dump(new):
        return
    if type(old) is not type(new):
        yield old, new
        return
    found: list[tuple[Any, Any]] = []
    for name in old._fields:
        left, right = getattr(old, name, None), getattr(new, name, None)
        if isinstance(left, ast.AST) and isinstance(right, ast.AST):
            found += _differences(left, right)
        elif isinstance(left, list) and isinstance(right, list):
            found += _in_lists(left, right)
        elif left != right:
            found = [(old, new)]
            break
    yield from (pair if any(hasattr(one, "lineno") for one in pair) else (old, new) for pair in found)


def _in_lists(old: list[Any], new: list[Any]) -> Iterator[tuple[Any, Any]]:
    left_keys, right_keys = (
        [ast.dump(one) if isinstance(one, ast.AST) else repr(one) for one in side] for side in (old, new)
    )
    for kind, start, end, new_start, new_end in SequenceMatcher(
        None, left_keys, right_keys, autojunk=False
    ).get_opcodes():
        if kind == "equal":
            continue
        gone, come = old[start:end], new[new_start:new_end]
        if len(gone) == len(come):
            for left, right in zip(gone, come):
                yield from _differences(left, right)
        else:
            yield from ((one, None) for one in gone)
            yield from ((None, one) for one in come)


def show(row: dict[str, Any]) -> None:
    """One refactoring's figures."""
    where = f"{row['model']} {row['at']} -> {row['with']}"
    if not row["refactored"]:
        print(f"{where}: refused, {row['reasons'][0]} ({row['seconds']:.1f} s)")
        return
    print(
        f"{where}: {', '.join(row['written'])}; git {'applies' if row['git_applies'] else 'REFUSES'}; "
        f"{'as meant' if row['tree_as_meant'] else 'NOT AS MEANT'}; {row['n_lines_outside']} lines outside; "
        f"{row['likeness']}; {row['n_rebuilt']} rebuilt, {row['seconds']:.1f} s"
    )


if __name__ == "__main__":
    main()
