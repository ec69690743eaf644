"""What `--with` names, as parts to put in: in the order in which they are worth trying.

A class that takes what the old one was given is called with the same arguments: nobody asked for other ones. Otherwise
a mined module's contract tells what to give it, and which adapters it needs; a class without a contract is probed for
one in the sandbox.
"""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from archgraft.agent.errors import UsageError
from archgraft.agent.library_show import find_module
from archgraft.agent.refactoring.torch_modules import check_torch, torch_parameters
from archgraft.evaluator.probing import ProbeRejection, probe_module
from archgraft.sandbox.protocol import Sandbox
from archgraft.tree_ops.closure import extract
from archgraft.tree_ops.contract import Contract
from archgraft.tree_ops.draft import adapter_source
from archgraft.tree_ops.edits import Adapter, Graft
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.fetch import resolve
from archgraft.tree_ops.fit import fit
from archgraft.tree_ops.index import Definition, SourceIndex
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.local_imports import local_files
from archgraft.tree_ops.model_reference import ModelReference
from archgraft.tree_ops.refactoring.new_source import NewSource
from archgraft.tree_ops.refactoring.parts import Call, Given, Old, Part, SameArguments, Value, graft_part
from archgraft.tree_ops.refactoring.spots import Setting, Spot
from archgraft.tree_ops.refactoring.symbols import Symbol
from archgraft.tree_ops.sites import signature_of
from archgraft.tree_ops.sources import SourceRoot
from archgraft.tree_ops.spec import ModuleSpec, Parameter
from archgraft.tree_ops.spec_builder import constructor_parameters, spec_from
from archgraft.tree_ops.syntax import parse
from archgraft.tree_ops.tree import Node, Tree


class Parts(Protocol):
    """Knows what to put at each of some places; see `Replacement` for the fields."""

    @property
    def files(self) -> tuple[Path, ...]: ...

    @property
    def problems(self) -> list[str]: ...

    def ways(self, setting: Setting, spots: Sequence[Spot], fresh: "SourceMaker", sandbox: Sandbox) -> "Iterator[Way]":
        """The ways to write it, the likeliest first."""
        ...


SourceMaker = Callable[[str], NewSource]
"""Makes an empty place for a class and what goes with it, anew for each way that is tried."""


@dataclass(frozen=True)
class Way:
    """One way to put the new module in: a part for each group of nodes, and the source that goes with them."""

    parts: tuple[Part, ...]
    source: NewSource | None
    told: str


@dataclass(frozen=True)
class Replacement:
    """The new module: what is known of it before it is built.

    `symbol` names it where it is imported; a `spec` without one is copied. `arguments` are the user's own, None when
    they are left to be found. `files` are the user's, where it is in one of them.
    """

    name: str
    symbol: Symbol | None
    spec: ModuleSpec | None
    contract: Contract | None
    parameters: tuple[Parameter, ...] | None
    arguments: str | None
    files: tuple[Path, ...] = ()
    problems: list[str] = field(default_factory=list)
    graft: Graft | None = None
    """How it is fitted, where that is settled: by an edit of a search."""
    holder: str = ""
    """The adapter class that holds the old module and the new one, where the old one stays."""
    projection: Adapter | None = None
    """What the holder is given besides: a layer of torch that brings both together."""

    def ways(self, setting: Setting, spots: Sequence[Spot], fresh: SourceMaker, sandbox: Sandbox) -> Iterator[Way]:
        """The ways to put it into the places of these groups, the likeliest first."""
        if self.graft is None:
            yield from self._with_given_arguments(spots, fresh)
        if self.arguments is not None:
            return
        contract = self.contract
        if contract is None and self.spec is not None:
            learnt = probe_module(sandbox, self.spec)
            if isinstance(learnt, ProbeRejection):
                self.problems.append(f"how to build {self.name} can't be told by trying: {learnt.reason}")
                return
            contract = learnt
        elif contract is None:
            self.problems.append(
                f"{self.name} is not built with the arguments that the old module was given: write its own, as in "
                f"--with 'package.module:{self.name}(width)'; they may use the names that the code there knows"
            )
        if contract is not None:
            yield from self._by_contract(contract, setting.tree, spots, fresh)

    def _with_given_arguments(self, spots: Sequence[Spot], fresh: SourceMaker) -> Iterator[Way]:
        """With the user's own arguments, or with those that the old module was given."""
        source, symbol = self._placed(fresh)
        if self.arguments is not None:
            arguments: tuple[tuple[str, Value], ...] = (("", self.arguments),) if self.arguments else ()
            yield Way((Call(symbol, arguments),) * len(spots), source, "with the arguments that you gave")
            return
        if all(self._takes_the_same(spot) for spot in spots):
            parts = tuple(SameArguments(symbol, _as_written(symbol, spot)) for spot in spots)
            yield Way(parts, source, "with the arguments that were there")
        named = [self._same_names(symbol, spot.targets) for spot in spots]
        if all(named):
            yield Way(tuple(one for one in named if one), source, "with the arguments of the same names")

    def _placed(self, fresh: SourceMaker) -> tuple[NewSource | None, Symbol]:
        """The symbol by which files know the module, and the source to write where it is copied."""
        if self.symbol is not None:
            return None, self.symbol
        assert self.spec is not None
        source = fresh(self.spec.class_name)
        return source, source.add_module(self.spec)

    def _takes_the_same(self, spot: Spot) -> bool:
        """Whether what the call gives means the same to the new class: the first by its place, all others by name."""
        if spot.written is None:
            return False
        if self.parameters is None:
            return True  # a class of torch's whose parameters are written in C: it is tried
        own = [one.name for one in self.parameters if one.kind == "positional"]
        known = {one.name for one in self.parameters if one.kind in ("positional", "keyword")}
        given: set[str] = set()
        for place, (name, is_keyword) in enumerate(spot.written):
            mine = name if is_keyword else own[place] if place < len(own) else ""
            if mine not in known or (place and mine != name):
                return False
            given.add(mine)
        return {one.name for one in self.parameters if one.required} <= given

    def _same_names(self, symbol: Symbol, nodes: Sequence[Node]) -> Call | None:
        """A call with the arguments that both know by the same name; None when a required one is not among them."""
        required = [one.name for one in self.parameters or () if one.required]
        given = {argument.name: argument for argument in nodes[0].arguments if argument.kind == "literal"}
        if not required or not set(required) <= set(given):
            return None
        values = {
            name: {node.nid: next(a.text for a in node.arguments if a.name == name) for node in nodes} for name in given
        }
        defaults = {one.name: one.default for one in self.parameters or ()}
        own = [one.name for one in self.parameters or () if one.name in given]
        wanted = [name for name in own if name in required or set(values[name].values()) != {defaults[name]}]
        return Call(symbol, tuple((name, Given(name, values[name])) for name in wanted))

    def _by_contract(self, contract: Contract, tree: Tree, spots: Sequence[Spot], fresh: SourceMaker) -> Iterator[Way]:
        source, symbol = self._placed(fresh)
        parts = []
        for spot in spots:
            grafts: dict[str, Graft] = {}
            for node in spot.targets:
                graft = self._fitted(contract, tree, node)
                if graft is None:
                    return
                grafts[node.nid] = graft
            source, symbols = self._with_adapters(source, symbol, grafts, fresh)
            first = self.parameters[0].name if self.parameters else None
            try:
                part = graft_part(grafts, contract, symbols, first)
            except SourceError as error:
                self.problems.append(str(error))
                return
            if self.holder:
                source = source or fresh(self.holder)
                holder = source.add(adapter_source(self.holder), self.holder)
                last = () if self.projection is None else (("", torch_call(self.projection)),)
                part = Call(holder, (("", Old()), ("", part), *last))
            parts.append(part)
        yield Way(tuple(parts), source, "fitted by its contract")

    def _fitted(self, contract: Contract, tree: Tree, node: Node) -> Graft | None:
        if self.graft is not None:
            return self.graft
        signature = signature_of(tree, node)
        if signature is None:
            self.problems.append(f"{node.path} does not take one tensor to one tensor of the same kind")
            return None
        images = any(len(shape) == 4 for shape in tree.nodes[tree.root].input_shapes)
        graft = fit("", contract, signature, images=images, causal=False)
        if graft is None:
            self.problems.append(
                f"{self.name} works on {contract.layout} tensors and can't be fitted to {node.path}, which takes "
                f"{signature.layout} tensors of width {signature.in_width} to width {signature.out_width}"
            )
        return graft

    def _with_adapters(
        self, source: NewSource | None, symbol: Symbol, grafts: Mapping[str, Graft], fresh: SourceMaker
    ) -> tuple[NewSource | None, dict[str, Symbol]]:
        symbols = {"": symbol}
        for graft in grafts.values():
            for adapter in (*graft.wrappers, *graft.outer):
                if adapter.name not in symbols:
                    source = source or fresh(adapter.name)
                    symbols[adapter.name] = source.add(adapter_source(adapter.name), adapter.name)
        return source, symbols


def torch_call(adapter: Adapter) -> Call:
    """A layer of torch as an expression."""
    return Call(Symbol("torch.nn", adapter.name.removeprefix("nn.")), adapter.arguments)


def _as_written(symbol: Symbol, spot: Spot) -> Call:
    """A call with the arguments that the old call gives, wherever it may stand."""
    arguments: list[tuple[str, Value]] = []
    for name, is_keyword in spot.written or ():
        texts = {node.nid: next(one.text for one in node.arguments if one.name == name) for node in spot.targets}
        arguments.append((name if is_keyword else "", Given(name, texts)))
    return Call(symbol, tuple(arguments))


def read_replacement(
    text: str, library: Path | None, sources: Sequence[str], cache: Path, modules: Mapping[Path, str]
) -> Replacement:
    """What `--with` names. `modules` are the user's files with their dotted names. Raises `SourceError`, `UsageError`.

    A text without a colon is the start of a library module's id.
    """
    if ":" not in text:
        if library is None:
            raise UsageError(f"--with {text}: say which library it is in with --library, or write package.module:CLASS")
        with Library(library) as opened:
            module = find_module(opened, text)
        spec = module.spec
        return Replacement(spec.class_name, None, spec, module.contract, spec.parameters, None)
    reference = ModelReference.parse(text)
    arguments = reference.arguments if "(" in text else None
    if reference.place in ("torch.nn", "nn") or reference.place.startswith("torch.nn."):
        symbol = Symbol("torch.nn", reference.name)
        check_torch(reference.name)
        return Replacement(reference.name, symbol, None, None, torch_parameters(reference.name), arguments)
    files = tuple(local_files(Path(reference.place).resolve())) if reference.is_file else ()
    roots = [resolve(str(file), cache) for file in files] or [_package(reference, sources, cache)]
    index = SourceIndex.build([*roots, *(resolve(source, cache) for source in sources)], cache=cache)
    home = _module_of(index, files[0]) if files else reference.place
    definition = _behind_aliases(index, index.definition((home, reference.name)))
    is_class = index.is_module_class(definition)
    symbol = Symbol(
        modules.get(files[0], home) if files else home,
        reference.name,
        files[0] if files else None,
        defined=f"{definition.module}:{definition.name}" if is_class else None,
    )
    if not is_class:
        return Replacement(reference.name, symbol, None, None, (), arguments or "", files)
    parameters = constructor_parameters(index, definition)
    cut_out = _spec(index, definition) if arguments is None else None
    return Replacement(reference.name, symbol, cut_out, None, parameters, arguments, files)


def _behind_aliases(index: SourceIndex, definition: Definition) -> Definition:
    """What `SqueezeExcite = SEModule` stands for. Raises `SourceError` for a class that is plainly no module."""
    seen = set[Definition]()
    while definition not in seen:
        seen.add(definition)
        module = index.modules[definition.module]
        pieces = {binding.piece for binding in module.bindings.get(definition.name, [])}
        statements = parse(module.text_of(module.pieces[pieces.pop()])).body if len(pieces) == 1 else []
        match statements:
            case [ast.Assign(value=ast.Name() | ast.Attribute() as value)]:
                target = index.resolve_dotted(module, ast.unparse(value))
                definition = target if isinstance(target, Definition) else definition
            case [ast.ClassDef(bases=[])]:
                raise SourceError(f"{definition.name} in {module.path} is a class, but no torch.nn.Module")
    return definition


def _module_of(index: SourceIndex, file: Path) -> str:
    return next(name for name, module in index.modules.items() if module.path == file)


def _package(reference: ModelReference, sources: Sequence[str], cache: Path) -> SourceRoot:
    """The package that a module is in: one of the sources, or installed."""
    top = reference.place.partition(".")[0]
    for source in sources:
        root = resolve(source, cache)
        if root.package == top:
            return root
    return resolve(top, cache)


def _spec(index: SourceIndex, definition: Definition) -> ModuleSpec | None:
    """The class as a module of its own, so that it can be probed; None when it can't be cut out."""
    try:
        return spec_from(index, definition, extract(index, [definition]))
    except SourceError:
        return None
