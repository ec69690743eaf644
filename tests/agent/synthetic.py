"""A made-up run, written through the real store: for tests of whatever reads runs. Its numbers mean nothing."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from archgraft.agent.attempt import Attempt, Descriptor
from archgraft.agent.choosers.protocol import Answer, Question
from archgraft.agent.planners.protocol import Plan
from archgraft.agent.store.opening import open_run
from archgraft.agent.store.records import Candidate, Compute, RunInfo
from archgraft.agent.store.run_store import RunStore
from archgraft.evaluator.results import Metrics, Result, Stage, Status
from archgraft.evaluator.tasks.protocol import Metric
from archgraft.tree_ops.edits import OPERATORS, Adapter, Edit, Graft, Operator, Option
from archgraft.tree_ops.tree import CodeSite, Node, Tree

FAMILIES = ("convolution", "attention", "mlp", "pooling", "gate")
FAILURES = (
    (Status.INVALID, Stage.VERIFY, "RuntimeError: mat1 and mat2 shapes cannot be multiplied (64x32 and 64x10)"),
    (Status.TIMEOUT, Stage.TRAIN, "stopped after 60 s"),
    (Status.DUPLICATE, Stage.EDIT, "the same tree as candidate 3"),
)

SOURCE = """import torch
from torch import nn


# Mined from timm 1.0.31, timm/layers/mlp.py:12 (Apache-2.0), module 0123456789abcdef.
class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Linear(8, 8)
        self.act = nn.ReLU()
        self.head = nn.Linear(8, 3)
        self.register_buffer("n_seen", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.act(self.stem(x)))


def build_model() -> nn.Module:
    model = Net()
{overrides}    return model
"""


def run_info(**changes: object) -> RunInfo:
    info = RunInfo(
        settings={"slots": 1, "recipe.epochs": 10},
        seed=0,
        model="examples/resnet.py:ResNet",
        task="digits",
        metric=Metric("accuracy", "%", higher_is_better=True),
        library_path="library.sqlite",
        library_digest="0123456789abcdef",
        planner="thompson",
        chooser="prior",
        budget={"trials": 40, "minutes": 30},
        command="archgraft search examples/resnet.py:ResNet --task digits --library library.sqlite --budget trials=40",
        versions={"python": "3.12", "torch": "2.13"},
    )
    return replace(info, **changes)  # type: ignore[arg-type]  # any field, by name


def source_of(steps: Sequence[str]) -> str:
    return SOURCE.format(overrides="".join(f"    {step}\n" for step in steps))


def tree_of(source: str) -> Tree:
    site = CodeSite(8, 20, 8, 35, "Net.__init__", 1)
    node = Node(
        nid="n0",
        path="",
        class_name="Net",
        definition="Net",
        arguments=(),
        site=site,
        input_shapes=((2, 8),),
        output_shapes=((2, 3),),
        n_calls=1,
        call_order=0,
        extra_inputs=False,
        n_parameters=99,
        flops=180,
        attribute_reads=(),
        children=(),
        shared=False,
        opaque=False,
    )
    return Tree(source, "build_model()", {"n0": node}, "n0", 2, 99, 180)


def edit_of(operator: Operator) -> Edit:
    adapters = (Adapter("Reshape", (("shape", "(1, [2, 3])"),)),)
    graft = Graft("ab12", (("kernel_size", "(3, 3)"), ("bias", "False")), before=adapters)
    return Edit(operator, "n0", "act", graft if operator in ("swap", "insert") else None)


def question_of(index: int, parent_id: int, operator: Operator, family: str) -> Question:
    label = f"{operator} stem.act with {family.title()}Block <from> 'somewhere'"
    option = Option(edit_of(operator), label, index % 3, family, 1.0, 120)
    plan = Plan(parent_id, operator, index % 3, family, (option,), f"sampled {operator}, {family}")
    return Question(index, plan, "Net\n  stem Linear (2, 8) -> (2, 8)", ("0 rootstock 88.1 %",), "digits, accuracy")


def metrics_of(score: float, n_parameters: int) -> Metrics:
    return Metrics(score, 0.31, n_parameters, n_parameters * 180, 3.1 * n_parameters / 9000, 4.0, 64, 8_000_000)


def result_of(score: float, n_parameters: int, seed: int = 0, split: str = "validation") -> Result:
    return Result(Status.OK, Stage.DONE, "", seed, split, metrics_of(score, n_parameters), 4.2, "confined")


def failed(kind: int) -> Result:
    status, stage, reason = FAILURES[kind % len(FAILURES)]
    return Result(status, stage, reason, 0, "validation", None, 0.8, "confined")


def weights_of(candidate: int) -> dict[str, np.ndarray]:
    """A state dict of the model in `SOURCE`."""
    generator = np.random.default_rng(candidate)
    shapes = {"stem.weight": (8, 8), "stem.bias": (8,), "head.weight": (3, 8), "head.bias": (3,), "n_seen": ()}
    return {name: np.asarray(generator.normal(size=shape), np.float32) for name, shape in shapes.items()}


class SyntheticRun:
    """Writes attempts one by one: every fifth fails, the others wander upwards from the best so far."""

    def __init__(self, store: RunStore, seed: int = 0) -> None:
        self.store = store
        self.seed = seed
        self.steps: dict[int, tuple[str, ...]] = {0: ()}
        self.best = (0, 88.1)

    def rootstock(self) -> None:
        self._candidate(0, None, None)
        self.store.record_result(self.attempt(0, None, None, "", result_of(88.1, 9000), None), Compute(5.0, 4.8))
        for seed in (1, 2):
            self.store.record_measurement(
                0, "confirmation", result_of(88.1 + 0.3 * seed, 9000, seed), Compute(5.0, 4.8)
            )

    def propose(self, index: int) -> Question:
        generator = np.random.default_rng([self.seed, index])
        operator = OPERATORS[int(generator.integers(len(OPERATORS)))]
        question = question_of(index, self.best[0], operator, FAMILIES[int(generator.integers(len(FAMILIES)))])
        self.store.record_proposal(question)
        self.store.record_answer(index, Answer(0, f"prior draw </script> {index}", "prior", "", 100, 20, 0.001))
        return question

    def finish(self, question: Question) -> None:
        index, plan = question.attempt, question.plan
        generator = np.random.default_rng([self.seed, index, 1])
        if index % 5 == 4:
            return self._finish_failed(index, plan)
        score = self.best[1] + float(generator.normal(-0.4, 1.0)) * (97 - self.best[1]) / 4
        n_parameters = int(9000 * generator.uniform(0.6, 1.8))
        parent_score = self.best[1]
        self.steps[index] = (
            *self.steps[plan.parent_id],
            f"model.act = nn.Sequential(nn.GELU(), nn.Identity())  # {index}",
        )
        self._candidate(index, plan.parent_id, plan.operator)
        result = result_of(score, n_parameters)
        attempt = self.attempt(index, plan.parent_id, plan.operator, plan.family, result, score - parent_score)
        self.store.record_result(attempt, Compute(4.2, 4.0))
        if score > self.best[1]:
            self.best = (index, score)
        return None

    def finals(self, n_seeds: int = 3) -> None:
        pairs = [(candidate, 100 + seed) for candidate in sorted({0, self.best[0]}) for seed in range(n_seeds)]
        self.store.open_test(pairs)
        for candidate, seed in pairs:
            generator = np.random.default_rng([candidate, seed])
            score = (88.0 if candidate == 0 else self.best[1]) + float(generator.normal(0, 0.4))
            size = 9000 if candidate == 0 else 7600
            for split in ("validation", "test"):
                self.store.record_measurement(
                    candidate, "finalist", result_of(score, size, seed, split), Compute(6.0, 5.5)
                )

    def _finish_failed(self, index: int, plan: Plan) -> None:
        attempt = self.attempt(index, plan.parent_id, plan.operator, plan.family, failed(index // 5), None)
        self.store.record_result(attempt, Compute(0.8, 0.7))

    def _candidate(self, index: int, parent_id: int | None, operator: Operator | None) -> None:
        source = source_of(self.steps[index])
        edit = edit_of(operator) if operator is not None else None
        tree_hash = f"{index:016x}"
        self.store.record_candidate(
            Candidate(index, parent_id, operator, edit, tree_hash, source, "build_model()", tree_of(source))
        )

    @staticmethod
    def attempt(
        index: int, parent_id: int | None, operator: Operator | None, family: str, result: Result, gain: float | None
    ) -> Attempt:
        metrics = result.metrics
        return Attempt(
            index=index,
            parent_id=parent_id,
            operator=operator,
            depth_band=index % 3,
            family=family,
            result=result,
            oriented_score=metrics.score if metrics else None,
            gain=gain,
            improved=gain is not None and gain > 0.5,
            descriptor=Descriptor(0, "convolution", 0) if metrics else None,
            n_parameters=metrics.n_parameters if metrics else None,
        )


def write_run(folder: Path, n_attempts: int = 12, finals: bool = True) -> Path:
    with open_run(folder, run_info()) as store:
        run = SyntheticRun(store)
        run.rootstock()
        for index in range(1, n_attempts + 1):
            run.finish(run.propose(index))
        if finals:
            run.finals()
            for candidate in sorted({0, run.best[0]}):
                store.save_weights(candidate, 100, weights_of(candidate))
    return folder
