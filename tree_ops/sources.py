"""Where code to mine comes from: a folder on disk that is read, never imported."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SourceRoot:
    """One tree of Python files.

    `folder` is the package's own folder when `package` names it (`.../site-packages/timm`), otherwise a file or a
    folder of scripts. `licence` is an SPDX identifier as the source declares it, or `unknown`; `version` may be empty.
    """

    name: str
    version: str
    licence: str
    folder: Path
    package: str | None
    licence_text: str = ""
    """The whole text of the source's licence file, where it has one."""
    only_closes: bool = False
    """Whether its code is there for the modules of other sources, and is not mined itself."""
