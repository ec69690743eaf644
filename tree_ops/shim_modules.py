"""Our own small versions of what mined code imports: module by module, name by name, inlined like other code.

The file `shims/PACKAGE/PATH.py` stands in for the module `PACKAGE.PATH`: for every name that it defines or imports from
another shim, whether the package itself is indexed or not. All other names of that module stay the package's own. Each
shim is listed, with what it leaves out, in docs/shims.md.
"""

from pathlib import Path

from archgraft.tree_ops.modules import ModuleSource
from archgraft.tree_ops.sources import SourceRoot

COMPLETE = frozenset({"einops", "einx", "loguru", "packaging", "typing_extensions"})
"""Packages whose shims hold all that models use of them; of the others, shims hold single names."""

_PACKAGE = "archgraft_shims"
_FOLDER = Path(__file__).parent / "shims"


def shim_root() -> SourceRoot:
    """All shims, as one source. Its modules are called by the name that `shim_name` gives."""
    return SourceRoot("archgraft shims", "", "Apache-2.0", _FOLDER, _PACKAGE)


def shim_name(module: str) -> str:
    """What the index calls the shim for a module."""
    return f"{_PACKAGE}.{module}"


def shimmed_name(module: str) -> str | None:
    """The module that a shim stands in for; None for a module that is no shim."""
    package, _, name = module.partition(".")
    return name if package == _PACKAGE else None


def is_complete(module: str) -> bool:
    """Whether nothing but the shim is wanted of this module's package; True for what is no shim."""
    name = shimmed_name(module)
    return name is None or name.partition(".")[0] in COMPLETE


def stands_in(shim: ModuleSource, name: str) -> bool:
    """Whether the shim's own code, or another shim that it imports from, gives the name."""
    return any(binding.imported is None or binding.imported.relative for binding in shim.bindings.get(name, ()))
