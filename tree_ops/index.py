"""A static index over source roots: which modules there are, what each name stands for, which classes are modules.

Nothing is imported or executed. Torch, numpy and the standard library stay imports; every other package that is indexed
can be inlined by the closure. Names that a shim stands in for mean the shim's, in whatever way they are imported.
"""

import ast
import builtins
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.file_reading import Progress, no_progress
from archgraft.tree_ops.file_records import read_file
from archgraft.tree_ops.file_texts import RecentTexts
from archgraft.tree_ops.indexing import module_of, read_roots
from archgraft.tree_ops.module_reader import parse_module
from archgraft.tree_ops.modules import Binding, Imported, ModuleSource
from archgraft.tree_ops.namespaces import MAX_NAMES, namespace_name, write_namespace
from archgraft.tree_ops.scopes import FunctionNode
from archgraft.tree_ops.shim_modules import is_complete, shim_name, shim_root, shimmed_name, stands_in
from archgraft.tree_ops.source_files import BrokenFile, SourceFile, is_there, script_folders
from archgraft.tree_ops.sources import SourceRoot
from archgraft.tree_ops.syntax import parse

if TYPE_CHECKING:
    from archgraft.tree_ops.constant_locals import Locals
    from archgraft.tree_ops.link_memory import LinkMemory
    from archgraft.tree_ops.links import LinkedPiece

PROVIDED = frozenset(sys.stdlib_module_names) | {"torch", "numpy"}
"""Packages that emitted source imports; their own code is never inlined."""
_MODULE_NAMES = frozenset(dir(builtins)) | {
    "__name__",
    "__file__",
    "__doc__",
    "__builtins__",
    "__spec__",
    "__package__",
}
_NOT_MODULES = frozenset({"Parameter", "Buffer", "UninitializedParameter", "UninitializedBuffer"})


@dataclass(frozen=True, slots=True)
class Definition:
    """A name bound by the code of an indexed module."""

    module: str
    name: str


@dataclass(frozen=True, slots=True)
class External:
    """Something that stays an import: the dotted `target` under the name `alias`."""

    target: str
    alias: str


@dataclass(frozen=True, slots=True)
class Namespace:
    """An indexed module itself."""

    module: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A name that nothing in the index binds."""

    reason: str


@dataclass(frozen=True, slots=True)
class Builtin:
    """A builtin, or a name that every module has."""


Target = Definition | External | Namespace | Missing | Builtin


class SourceIndex:
    """Modules by dotted name. Make one with `SourceIndex.build` or `SourceIndex.of_texts`."""

    def __init__(
        self,
        modules: dict[str, ModuleSource],
        broken: Sequence[BrokenFile] = (),
        texts: RecentTexts | None = None,
        memory: "LinkMemory | None" = None,
    ) -> None:
        self.modules = modules
        self.broken = list(broken)
        self.cache_problem = ""
        """Why the cache that `build` was given can't be used; empty when nothing is wrong with it."""
        self._texts = texts or RecentTexts()
        self._namespaces = {parent for name in modules for parent in _parents(name)}
        self._packages = {name.split(".")[0] for name in modules} - PROVIDED
        self._by_path = {module.path: module for module in modules.values()}
        self._unreadable = {file.path for file in broken}
        self._resolved: dict[tuple[str, str], Target] = {}
        self._is_module_class: dict[Definition, bool] = {}
        self._class_names: dict[str, frozenset[str]] = {}
        self.linked: dict[tuple[str, int, str | None], LinkedPiece] = {}
        """Pieces that `links.link` has parsed, by module and number."""
        self.memory = memory
        """Where it looks for pieces that an index before this one has parsed."""
        self.locals: dict[FunctionNode, Locals] = {}
        """Functions whose names `constant_program` has read."""
        self._functions: dict[Definition, FunctionNode | None] = {}

    @classmethod
    def build(
        cls,
        roots: Iterable[SourceRoot],
        *,
        cache: Path | None = None,
        n_processes: int | None = None,
        progress: Progress = no_progress,
    ) -> "SourceIndex":
        """Index all files of the roots; the first root that holds a module name keeps it.

        Broken files are listed in `broken` and left out. `cache` is the folder where what was read is kept between
        runs, `n_processes` how many read at once (by default as many as pay off); neither changes the index. Raises
        `SourceError` when a root doesn't exist, or a reading process is killed.
        """
        recent = RecentTexts()
        reading = read_roots((shim_root(), *roots), recent, cache=cache, n_processes=n_processes, progress=progress)
        index = cls(reading.modules, reading.broken, recent)
        index.cache_problem = reading.cache_problem
        return index

    @classmethod
    def of_texts(cls, texts: dict[str, str]) -> "SourceIndex":
        """An index over texts by module name, without shims. Raises `SyntaxError` for what is not Python."""
        return cls({name: parse_module(text, name, Path(f"{name}.py")) for name, text in texts.items()})

    # Classes

    def module_classes(self) -> tuple[Definition, ...]:
        """All `nn.Module` classes of the sources at top level, in order of module name and line.

        Shims are left out, and what is there only to close other sources.
        """
        return tuple(
            definition
            for name in sorted(self.modules)
            if shimmed_name(name) is None and ((root := self.modules[name].root) is None or not root.only_closes)
            for header in self.modules[name].classes
            if self.is_module_class(definition := Definition(name, header.name))
        )

    def is_class(self, definition: Definition) -> bool:
        """Whether a class statement at top level makes the definition."""
        if definition.module not in self._class_names:
            headers = self.modules[definition.module].classes
            self._class_names[definition.module] = frozenset(header.name for header in headers)
        return definition.name in self._class_names[definition.module]

    def is_module_class(self, definition: Definition) -> bool:
        """Whether the definition is a class that inherits from `torch.nn.Module`, over files."""
        if definition not in self._is_module_class:
            self._is_module_class[definition] = False  # so that circular bases end
            module = self.modules[definition.module]
            self._is_module_class[definition] = any(
                self._is_module_base(self.resolve_base(module, header.name, base))
                for header in module.classes
                if header.name == definition.name
                for base in header.bases
            )
        return self._is_module_class[definition]

    def _is_module_base(self, target: Target) -> bool:
        if isinstance(target, External):
            name = target.target.rpartition(".")[2]
            return target.target.startswith("torch.nn.") and name[:1].isupper() and name not in _NOT_MODULES
        return isinstance(target, Definition) and self.is_module_class(target)

    def definition(self, root: str | tuple[str, str] | Definition) -> Definition:
        """The definition that a qualified name or (module, name) means, re-exports followed. Raises `SourceError`."""
        module_name, name = _split(root)
        module = self.modules.get(module_name)
        if module is None:
            raise SourceError(f"module {module_name!r} is not in the indexed sources")
        target = self.resolve(module, name)
        if not isinstance(target, Definition):
            known = ", ".join(header.name for header in module.classes[:8]) or "none"
            raise SourceError(f"{name!r} is not defined in {module.path}; its classes are: {known}")
        return target

    def function(self, definition: Definition) -> FunctionNode | None:
        """The syntax of a plain top-level function, or None when the definition is anything else."""
        if definition not in self._functions:
            self._functions[definition] = self._parse_function(definition)
        return self._functions[definition]

    def _parse_function(self, definition: Definition) -> FunctionNode | None:
        module = self.modules[definition.module]
        pieces = {binding.piece for binding in module.bindings.get(definition.name, [])}
        if len(pieces) != 1:
            return None
        statement = parse(module.text_of(module.pieces[pieces.pop()])).body[0]
        return statement if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) else None

    # Names

    def resolve_dotted(self, module: ModuleSource, dotted: str) -> Target:
        """What `a.b.c` means at module level. Attributes of definitions stay with the definition."""
        name, *attributes = dotted.split(".")
        target, n_used = self.walk(self.resolve(module, name), attributes)
        if isinstance(target, External):
            rest = attributes[n_used:]
            return External(".".join([target.target, *rest]), rest[-1] if rest else target.alias)
        return target

    def walk(self, target: Target, attributes: Sequence[str]) -> tuple[Target, int]:
        """Follow attributes through indexed modules; also how many were needed."""
        n_used = 0
        while isinstance(target, Namespace) and n_used < len(attributes):
            target = self.resolve_attribute(target.module, attributes[n_used])
            n_used += 1
        if isinstance(target, Namespace) and (outside := shimmed_name(target.module)):
            return External(outside, outside.rpartition(".")[2]), n_used  # a value: only the real module is one
        return target, n_used

    def as_value(self, target: Target) -> Target:
        """An indexed module that is used as an object: an object with its definitions, unless they are too many."""
        if not isinstance(target, Namespace) or target.module not in self.modules:
            return target
        name = namespace_name(target.module)
        if name not in self.modules:
            module = self.modules[target.module]
            public = [bound for bound in module.bindings if not bound.startswith("_")]
            names = [bound for bound in public if isinstance(self.resolve(module, bound), Definition)]
            if not 0 < len(names) <= MAX_NAMES:
                return target
            self.modules[name] = write_namespace(target.module, names)
        return Definition(name, target.module.rpartition(".")[2])

    def resolve(self, module: ModuleSource, name: str) -> Target:
        """What a name means in a module's own scope."""
        key = (module.name, name)
        if key not in self._resolved:
            self._resolved[key] = Missing(f"{name} is imported in a circle")
            self._resolved[key] = self._resolve(module, name)
        return self._resolved[key]

    def resolve_attribute(self, module_name: str, name: str) -> Target:
        """What `module.name` means: a name that the module binds, or a submodule."""
        module = self.modules.get(module_name)
        target = self.resolve(module, name) if module is not None else Missing("")
        if (module is not None and name in module.bindings) or isinstance(target, Definition | Namespace):
            return target
        if (submodule := self.find(f"{module_name}.{name}", module)) is not None:
            return Namespace(submodule.name)
        if self._has_below(f"{module_name}.{name}"):
            return Namespace(f"{module_name}.{name}")
        if isinstance(target, Missing | Builtin):
            outside = shimmed_name(module_name)
            return External(f"{outside}.{name}", name) if outside else Missing(f"module {module_name} has no {name}")
        return target

    def _resolve(self, module: ModuleSource, name: str) -> Target:
        shim = self.modules.get(shim_name(module.name))
        if shim is not None and stands_in(shim, name):
            return self.resolve(shim, name)
        bindings = module.bindings.get(name)
        if bindings:
            return self._resolve_bindings(module, name, bindings)
        for star in module.stars:
            target = self._resolve_star(module, star, name)
            if target is not None:
                return target
        if name in _MODULE_NAMES:
            return Builtin()
        outside = [star for star in module.stars if not self.is_inside(star)]
        if outside:
            return External(f"{outside[-1].module}.{name}", name)
        return Missing(f"{name} is not defined in {module.name}")

    def _resolve_bindings(self, module: ModuleSource, name: str, bindings: list[Binding]) -> Target:
        plain = [binding for binding in bindings if not binding.guard]
        imports = [binding.imported for binding in plain if binding.imported is not None]
        if plain:
            is_import = len(imports) == len(plain)
            return self.resolve_import(module, imports[-1]) if is_import else Definition(module.name, name)
        by_guard = sorted(bindings, key=lambda binding: binding.guard == "typing")
        for binding in by_guard:
            if binding.imported is not None:
                target = self.resolve_import(module, binding.imported)
                if isinstance(target, Namespace) and not is_complete(target.module):
                    continue  # `try: import a; except ImportError: a = None` works as it is
                if isinstance(target, Definition | Namespace) and target != Definition(module.name, name):
                    return target
        imported = [binding.imported for binding in bindings if binding.imported is not None]
        if len(imported) == len(bindings):
            found = {self.resolve_import(module, one) for one in imported}
            is_provided = all(isinstance(one, External) and one.target.split(".")[0] in PROVIDED for one in found)
            if all(binding.guard == "typing" for binding in bindings) or (is_provided and len(found) == 1):
                return self.resolve_import(module, imported[-1])
        return Definition(module.name, name)

    def resolve_base(self, module: ModuleSource, class_name: str, base: str) -> Target:
        """What the base class `a.b.c` of a class means: `class A(A)` inherits from what was imported as A."""
        pieces = [binding.piece for binding in module.bindings.get(class_name, ()) if binding.is_definition]
        before = self.resolve_before(module, base, pieces[-1]) if pieces and base == class_name else None
        return before or self.resolve_dotted(module, base)

    def resolve_before(self, module: ModuleSource, name: str, piece: int) -> Target | None:
        """What a name meant before the piece bound it anew: what an import bound it to, if one did."""
        earlier = [binding for binding in module.bindings.get(name, ()) if binding.piece < piece]
        imported = earlier[-1].imported if earlier else None
        return self.resolve_import(module, imported) if imported is not None else None

    def _resolve_star(self, module: ModuleSource, star: Imported, name: str) -> Target | None:
        source = self.find(star.module, module)
        if source is None or source is module or name.startswith("__"):
            return None
        if name in source.bindings or source.stars:
            target = self.resolve(source, name)
            return None if isinstance(target, Missing | Builtin) else target
        return None

    def is_inside(self, imported: Imported) -> bool:
        """Whether an import refers to indexed code (found or not)."""
        return imported.relative or imported.module.split(".")[0] in self._packages

    def resolve_import(self, module: ModuleSource, imported: Imported) -> Target:
        """What an import statement's alias means."""
        dotted = imported.module.split(".")[0] if imported.dotted else imported.module
        if dotted.split(".")[0] in PROVIDED and not imported.relative:
            return _external(imported)
        source = self.find(dotted, module)
        if imported.attribute is None:
            if source is not None or self._has_below(dotted):
                return Namespace(source.name if source else dotted)
        elif source is not None:
            if source is module:
                found = self.find(f"{dotted}.{imported.attribute}", module)
                return Namespace(found.name) if found else Missing(f"{source.name} imports itself")
            return self.resolve_attribute(source.name, imported.attribute)
        elif (below := self.find(f"{dotted}.{imported.attribute}", module)) is not None:
            return Namespace(below.name)
        if self.is_inside(imported):
            wanted = f"{imported.module}.{imported.attribute}" if imported.attribute else imported.module
            return Missing(f"{wanted} has no Python source")
        return _external(imported)

    # Modules

    def find(self, name: str, importer: ModuleSource | None = None) -> ModuleSource | None:
        """The module of that name, a file beside a script that imports it, or a shim."""
        found = self.modules.get(name) or self._find_beside(name, importer)
        return found or self.modules.get(shim_name(name))

    def _find_beside(self, name: str, importer: ModuleSource | None) -> ModuleSource | None:
        if importer is None or importer.root is None or importer.root.package is not None:
            return None
        for folder in script_folders(importer.path):
            stem = folder.joinpath(*name.split("."))
            for path in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py"):
                if path in self._by_path:
                    return self._by_path[path]
                if path not in self._unreadable and is_there(path):
                    return self._load(name, path, importer.root)
        return None

    def _load(self, name: str, path: Path, root: SourceRoot) -> ModuleSource | None:
        found = read_file(name, path)
        if found.fault:
            self._unreadable.add(path)
            self.broken.append(BrokenFile(path, found.fault))
            return None
        beside = replace(root, only_closes=True)
        module = module_of(SourceFile(name, path, beside), found, self._texts)
        self.modules[name] = self._by_path[path] = module
        self._namespaces.update(_parents(name))
        return module

    def _has_below(self, name: str) -> bool:
        return name in self._namespaces


def _parents(name: str) -> Iterator[str]:
    """`a` and `a.b` for `a.b.c`."""
    while name := name.rpartition(".")[0]:
        yield name


def _external(imported: Imported) -> External:
    if imported.attribute is not None:
        return External(f"{imported.module}.{imported.attribute}", imported.alias)
    return External(imported.alias if imported.dotted else imported.module, imported.alias)


def _split(root: str | tuple[str, str] | Definition) -> tuple[str, str]:
    if isinstance(root, Definition):
        return root.module, root.name
    if isinstance(root, tuple):
        return root
    module, _, name = root.rpartition(".")
    return module, name
