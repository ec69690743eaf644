"""The pipeline under `mine`: extract a class, probe it in the sandbox, store what came of it, in the order given.

Extraction is pure Python and stays in the calling thread; probes run in the sandbox, a few at a time; results are
stored in the order of extraction. So equal sources give equal libraries, whatever ran faster. Classes that no guess
could build or run wait for a second pass, in which the classes that use them have shown how that is done.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from archgraft.agent.argument_question import ArgumentQuestion
from archgraft.agent.parents import Extracted, Parents
from archgraft.evaluator.harvesting import Harvest, Template
from archgraft.evaluator.probing import ProbeRejection, probe_module
from archgraft.sandbox.protocol import Sandbox
from archgraft.tree_ops.closure import extract
from archgraft.tree_ops.configurations import Configuration, ConfigurationReader
from archgraft.tree_ops.contract import Contract
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.index import Definition, SourceIndex
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.sources import SourceRoot
from archgraft.tree_ops.spec import ModuleSpec, Origin
from archgraft.tree_ops.spec_builder import build_spec, spec_from

MAX_LINES = 800
"""Longer modules are kept out unless asked for: nobody reads a graft of a thousand lines."""
ALLOWED_PACKAGES = frozenset({"torch", "numpy"})
"""What a graft may import beside the standard library: an exported model runs where torch is."""
MAX_PENDING = 32
RETRIED = frozenset({"construct", "forward"})
"""Rejections for want of the right arguments or inputs."""

Learnt = Contract | ProbeRejection


@dataclass(frozen=True, slots=True)
class Mined:
    """What came of one class: `stored`, `known` (mined before), or a rejection's kind with its reason."""

    kind: str
    reason: str = ""
    family: str = ""
    is_extracted: bool = True


@dataclass(slots=True)
class _Ticket:
    """A class on its way: either settled at once, or extracted and waiting for its probe."""

    definition: Definition
    origin: Origin
    spec: ModuleSpec | None = None
    settled: Mined | None = None
    configurations: Mapping[str, Configuration] = field(default_factory=dict)
    probe: "Future[Learnt] | None" = None

    @property
    def is_ready(self) -> bool:
        return self.settled is not None or self.probe is None or self.probe.done()

    @property
    def kind(self) -> str:
        """What came of it: waits for the probe."""
        if self.settled is not None or self.probe is None:
            return self.settled.kind if self.settled is not None else ""
        learnt = self.probe.result()
        return "stored" if isinstance(learnt, Contract) else learnt.kind


class Pipeline:
    """Mines classes of one index into one library."""

    def __init__(
        self,
        index: SourceIndex,
        library: Library,
        sandbox: Sandbox,
        n_workers: int,
        question: ArgumentQuestion | None = None,
        max_lines: int = MAX_LINES,
    ) -> None:
        self._index = index
        self._library = library
        self._sandbox = sandbox
        self._n_workers = n_workers
        self._probes: dict[str, Future[Learnt]] = {}
        self._known: dict[tuple[str, str], frozenset[str]] = {}
        self._configurations = ConfigurationReader(index)
        self._parents = Parents(index)
        self._question = question
        self._max_lines = max_lines

    def run(self, definitions: Sequence[Definition]) -> Iterator[tuple[Definition, Mined]]:
        """Mine the classes, those of the second pass last; each is stored before it is handed out.

        Raises as `mine` does.
        """
        retried: list[_Ticket] = []
        with ThreadPoolExecutor(self._n_workers, "probe") as pool:
            try:
                for ticket in self._in_order(self._begin(pool, definition) for definition in definitions):
                    if ticket.kind in RETRIED:
                        retried.append(ticket)
                    else:
                        yield self._end(ticket)
                for ticket in self._in_order(self._retry(pool, retried)):
                    yield self._end(ticket)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _in_order(self, tickets: Iterable[_Ticket]) -> Iterator[_Ticket]:
        """The tickets once they are ready, a bounded number of them being worked on."""
        pending: deque[_Ticket] = deque()
        for ticket in tickets:
            pending.append(ticket)
            while pending and (pending[0].is_ready or len(pending) > MAX_PENDING):
                yield pending.popleft()
        yield from pending

    def _retry(self, pool: Executor, tickets: Sequence[_Ticket]) -> Iterator[_Ticket]:
        """Probe again what its users, or else a language model, could tell how to build."""
        found = self._parents.harvest([ticket.definition for ticket in tickets], self._sandbox, pool, self._extracted)
        for ticket in tickets:
            templates = found.get(ticket.definition, Harvest()).templates
            if (templates or self._question is not None) and ticket.spec is not None and ticket.probe is not None:
                ticket.probe = pool.submit(self._probe_again, ticket, ticket.spec, ticket.probe.result(), templates)
            yield ticket

    def _probe_again(self, ticket: _Ticket, spec: ModuleSpec, learnt: Learnt, templates: Sequence[Template]) -> Learnt:
        """What the class does when it is built in these ways; what was learnt before, when none of them works."""
        fixed = {name for name, _ in spec.fixed}
        ways = [tuple((name, value) for name, value in one if name not in fixed) for one in templates]
        probed = self._probe(ticket, spec, ways) if ways else learnt
        if isinstance(probed, ProbeRejection) and self._question is not None:
            answered = self._question.ask(spec, probed.reason)
            probed = self._probe(ticket, spec, [answered]) if answered is not None else probed
        return probed if isinstance(probed, Contract) else learnt

    def _probe(self, ticket: _Ticket, spec: ModuleSpec, templates: Sequence[Template]) -> Learnt:
        return probe_module(self._sandbox, spec, configurations=ticket.configurations, templates=templates)

    def _extracted(self, definition: Definition) -> Extracted:
        spec = build_spec(self._index, definition)
        return spec, self._configurations.of(definition, spec.parameters)

    def _begin(self, pool: Executor, definition: Definition) -> _Ticket:
        """Extract a class and, unless it is clear what comes of it, send it to the sandbox."""
        origin = origin_of(self._index, definition)
        ticket = _Ticket(definition, origin)
        if origin.version and origin.qualified_name in self._names_known(origin):
            ticket.settled = Mined("known", is_extracted=False)
            return ticket
        try:
            extraction = extract(self._index, [definition])
            ticket.spec = spec = spec_from(self._index, definition, extraction)
        except SourceError as error:
            ticket.settled = Mined("closure", one_line(error), is_extracted=False)
            return ticket
        self._parents.note(definition, spec, extraction.emitted)
        ticket.settled = self._judge_unrun(spec)
        if ticket.settled is None:
            ticket.configurations = self._configurations.of(definition, spec.parameters)
            if spec.id not in self._probes:
                self._probes[spec.id] = pool.submit(
                    probe_module, self._sandbox, spec, configurations=ticket.configurations
                )
            ticket.probe = self._probes[spec.id]
        return ticket

    def _judge_unrun(self, spec: ModuleSpec) -> Mined | None:
        """What is clear without running it."""
        if foreign := sorted(set(spec.requires) - ALLOWED_PACKAGES):
            return Mined("requires", f"needs {', '.join(foreign)}, and an exported model may need torch alone")
        if spec.n_lines > self._max_lines:
            return Mined("size", f"has {spec.n_lines} lines with all it needs; {self._max_lines} are the most")
        if self._library.is_verified(spec.id):
            module = self._library.get(spec.id)
            return Mined("known" if spec.origin in module.origins else "stored", family=module.contract.family)
        return None

    def _end(self, ticket: _Ticket) -> tuple[Definition, Mined]:
        """Store what came of a class."""
        mined = ticket.settled
        if ticket.probe is not None and ticket.spec is not None:
            learnt = ticket.probe.result()
            if isinstance(learnt, Contract):
                self._library.add(ticket.spec, learnt)
                return ticket.definition, Mined("stored", family=learnt.family)
            mined = Mined(learnt.kind, learnt.reason)
        assert mined is not None
        if mined.kind == "stored" and ticket.spec is not None:
            self._library.add_origin(ticket.spec.id, ticket.spec.origin)
        elif mined.kind != "known":
            self._library.add_rejection(ticket.origin, mined.kind, mined.reason)
        return ticket.definition, mined

    def _names_known(self, origin: Origin) -> frozenset[str]:
        key = (origin.source, origin.version)
        if key not in self._known:
            # What was too long by the usual limit may not be by a wider one.
            retried = "size" if self._max_lines > MAX_LINES else ""
            self._known[key] = self._library.known_names(*key, retried=retried)
        return self._known[key]


def root_of(index: SourceIndex, definition: Definition) -> SourceRoot:
    """The source that a class comes from."""
    root = index.modules[definition.module].root
    assert root is not None, "indexes over texts have no sources"
    return root


def origin_of(index: SourceIndex, definition: Definition) -> Origin:
    """Where a class stands."""
    module, root = index.modules[definition.module], root_of(index, definition)
    base = root.folder.parent if root.folder.is_file() else root.folder
    line = next((header.line for header in module.classes if header.name == definition.name), 1)
    return Origin(
        source=root.name,
        version=root.version,
        path=module.path.relative_to(base).as_posix() if module.path.is_relative_to(base) else module.path.as_posix(),
        line=line,
        qualified_name=f"{definition.module}.{definition.name}",
        licence=root.licence,
    )


def one_line(error: Exception) -> str:
    """An error's message on one line, not endless."""
    return " ".join(str(error).split())[:400] or type(error).__name__
