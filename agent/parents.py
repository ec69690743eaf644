"""Which extracted classes use which others, and what their use tells of those that no guess could run.

An extracted source holds all that its class needs, so that running the class runs the others as their authors meant
them. The smallest users come first: they are the quickest to run, and the least of them can go wrong.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor

from archgraft.evaluator.harvesting import Harvest, harvest
from archgraft.sandbox.protocol import Sandbox
from archgraft.tree_ops.configurations import Configuration
from archgraft.tree_ops.index import Definition, SourceIndex
from archgraft.tree_ops.spec import ModuleSpec

MAX_PARENTS = 2
"""Users that are run for one class."""
MAX_LINES = 3_000

Extracted = tuple[ModuleSpec, Mapping[str, Configuration]]


class Parents:
    """Notes, class by class, what each one's source holds."""

    def __init__(self, index: SourceIndex) -> None:
        self._index = index
        self._users: dict[Definition, list[tuple[int, Definition, str]]] = defaultdict(list)

    def note(self, parent: Definition, spec: ModuleSpec, emitted: Mapping[Definition, str]) -> None:
        """Remember a source and the names that it gives to the classes it holds."""
        if spec.n_lines <= MAX_LINES:
            for child, name in emitted.items():
                if child != parent and self._index.is_module_class(child):
                    self._users[child].append((spec.n_lines, parent, name))

    def plan(self, children: Sequence[Definition]) -> dict[Definition, dict[str, Definition]]:
        """The parents to run for some classes, each with the classes to watch by the names that its source gives."""
        found: dict[Definition, dict[str, Definition]] = defaultdict(dict)
        for child in children:
            users = sorted(self._users[child], key=lambda user: (user[0], user[1].module, user[1].name))
            for _, parent, name in users[:MAX_PARENTS]:
                found[parent][name] = child
        return dict(found)

    def harvest(
        self,
        children: Sequence[Definition],
        sandbox: Sandbox,
        pool: Executor,
        extracted: Callable[[Definition], Extracted],
    ) -> dict[Definition, Harvest]:
        """What the users of some classes tell of them. Raises `SandboxError` only."""
        plan = self.plan(children)
        jobs = []
        for parent, wanted in plan.items():
            spec, configurations = extracted(parent)
            jobs.append(pool.submit(harvest, sandbox, spec, list(wanted), configurations=configurations))
        found: dict[Definition, Harvest] = {}
        for wanted, job in zip(plan.values(), jobs, strict=True):
            for name, one in job.result().items():
                child = wanted[name]
                found[child] = found[child].joined(one) if child in found else one
        return found
