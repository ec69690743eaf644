"""What a search may spend, as the user writes it: `trials=30,minutes=5,gpu_hours=1,usd=2`."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Self

from archgraft.agent.errors import UsageError

_KEYS = ("trials", "minutes", "gpu_hours", "usd")
_VALID_KEYS = "The keys are trials, minutes, gpu_hours and usd; for example: trials=30,minutes=5"


@dataclass(frozen=True, slots=True)
class Spend:
    """What a search has spent so far, invalid and failed attempts included (law 7)."""

    trials: int = 0
    minutes: float = 0.0
    gpu_hours: float = 0.0
    usd: float = 0.0

    def __add__(self, other: Self) -> "Spend":
        return Spend(*(getattr(self, key) + getattr(other, key) for key in _KEYS))


@dataclass(frozen=True, slots=True)
class Budget:
    """Caps on what a search may spend; None means no cap. At least one is set when it comes from `parse`.

    `trials` are attempts, the rootstock's not counted; `minutes` are wall-clock time while the search runs, over all
    its sessions; `gpu_hours` sum over devices; `usd` is what the chooser's tokens cost.
    """

    trials: int | None = None
    minutes: float | None = None
    gpu_hours: float | None = None
    usd: float | None = None

    @classmethod
    def parse(cls, text: str) -> "Budget":
        """The budget that the text states. Raises `UsageError` that says which part is wrong and what is valid."""
        caps: dict[str, float] = {}
        for part in text.split(","):
            key, value = _cap(part, text)
            if key in caps:
                raise UsageError(f"budget {text!r}: {key} is given twice. {_VALID_KEYS}")
            caps[key] = value
        trials = caps.pop("trials", None)
        return cls(trials=None if trials is None else int(trials), **caps)

    def exhausted(self, spend: Spend) -> str | None:
        """Why the search must end, or None while every cap still leaves something."""
        for key in _KEYS:
            cap, spent = getattr(self, key), getattr(spend, key)
            if cap is not None and spent >= cap:
                return f"the budget of {_amount(key, cap)} is spent"
        return None

    def left(self, spend: Spend) -> str:
        """What is left, for people: `12 trials, 3:20 min, 1.37 USD`."""
        caps = {key: getattr(self, key) for key in _KEYS if getattr(self, key) is not None}
        return ", ".join(_amount(key, max(cap - getattr(spend, key), 0)) for key, cap in caps.items())

    def __str__(self) -> str:
        caps = dataclasses.asdict(self).items()
        return ",".join(f"{key}={str(cap).removesuffix('.0')}" for key, cap in caps if cap is not None)


def _cap(part: str, text: str) -> tuple[str, float]:
    key, separator, written = (piece.strip() for piece in part.partition("="))
    if not separator or key not in _KEYS:
        problem = f"{part.strip()!r} is not KEY=NUMBER" if not separator else f"unknown key {key!r}"
        raise UsageError(f"budget {text!r}: {problem}. {_VALID_KEYS}")
    try:
        value = float(written)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise UsageError(f"budget {text!r}: {key} must be a positive number, but got {written!r}. {_VALID_KEYS}")
    if key == "trials" and not value.is_integer():
        raise UsageError(f"budget {text!r}: trials must be a whole number, but got {written!r}.")
    return key, value


def _amount(key: str, value: float) -> str:
    if key == "trials":
        return f"{value:g} trial{'' if value == 1 else 's'}"
    if key == "minutes":
        seconds = math.ceil(value * 60)
        hours, minutes = divmod(seconds // 60, 60)
        return f"{hours}:{minutes:02}:{seconds % 60:02} h" if hours else f"{minutes}:{seconds % 60:02} min"
    return f"{value:.2f} GPU hours" if key == "gpu_hours" else f"{value:.2f} USD"
