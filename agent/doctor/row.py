"""One finding of the doctor."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "fail"]


@dataclass(frozen=True, slots=True)
class Row:
    """One finding. `note` means that archgraft works, though less well; `advice` is empty when the state is `ok`."""

    name: str
    state: State
    found: str
    advice: str = ""
