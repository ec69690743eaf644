"""Which licence a package or folder declares, as an SPDX identifier: `unknown` rather than a guess."""

import re
from contextlib import suppress
from importlib.metadata import PackageMetadata
from pathlib import Path

from archgraft.tree_ops.source_files import repository_of

UNKNOWN = "unknown"

_SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*( (AND|OR|WITH) [A-Za-z0-9][A-Za-z0-9.+-]*)*")

_CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "The Unlicense (Unlicense)": "Unlicense",
}

_TITLES = (
    (r"(the )?mit( license)?\b", "MIT"),
    (r"apache([- ]software)?([- ]license)?,?( version)?[- ]?2(\.0)?", "Apache-2.0"),
    (r"apache license", "Apache-2.0"),
    (r"(new |modified )?bsd[- ]3[- ]clause|3-clause bsd|(new|modified) bsd", "BSD-3-Clause"),
    (r"bsd[- ]2[- ]clause|2-clause bsd|simplified bsd", "BSD-2-Clause"),
    (r"mozilla public license,?( version)? 2\.0|mpl[- ]2\.0", "MPL-2.0"),
    (r"isc license", "ISC"),
    (r"gnu affero general public license", "AGPL-3.0-only"),
    (r"creative commons.*noncommercial|cc[- ]by[- ]nc", "CC-BY-NC-4.0"),
)


def licence_of_metadata(metadata: PackageMetadata) -> str:
    """What a distribution's metadata declares: License-Expression, then classifiers, then the License field."""
    fields = metadata.json
    expression = str(fields.get("license_expression") or "").strip()
    if expression:
        return expression
    classifiers = fields.get("classifier") or []
    named = {
        _CLASSIFIERS.get(str(text).split(" :: ")[-1]) for text in classifiers if str(text).startswith("License ::")
    }
    if len(named) == 1 and (only := named.pop()) is not None:
        return only
    return licence_of_text(str(fields.get("license") or ""))


def licence_of_text(text: str) -> str:
    """What the title of a licence text, or a short name of it, says."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    title = " ".join(lines[:3]).lower()
    for pattern, identifier in _TITLES:
        if re.match(rf"\W*({pattern})", title):
            return identifier
    if len(lines) == 1 and _SPDX.fullmatch(lines[0]) and re.search(r"-\d", lines[0]):
        return lines[0]
    return UNKNOWN


def licence_text_of_folder(folder: Path) -> str:
    """The licence file in the folder, or above it up to the top of its code base; empty when there is none."""
    top = repository_of(folder) or folder.parent
    for place in (folder, *(parent for parent in folder.parents if parent.is_relative_to(top))):
        for path in sorted(place.glob("LICEN[CS]E*")) + sorted(place.glob("COPYING*")):
            with suppress(OSError):
                if path.is_file():
                    return path.read_text(encoding="utf-8", errors="replace")
    return ""
