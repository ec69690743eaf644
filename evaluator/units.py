"""Names for the axes of live tensors: two axes with one name count the same units. Child side."""

from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor

Place = tuple[str, int]
"""Name of a parameter or buffer, and one of its axes."""


class Units:
    """A set of units that grows by union: ask `root` for the one that stands for it."""

    def __init__(self, place: Place | None = None, size: int = 0) -> None:
        self.places: set[Place] = set() if place is None else {place}
        self.sizes = {size}
        self.uniform = False
        self.hazards: dict[str, None] = {}  # in the order in which they were met
        self._above: Units | None = None

    @property
    def root(self) -> "Units":
        """The set that this one has been merged into, or itself."""
        found = self
        while found._above is not None:
            found = found._above
        return found

    def merge(self, other: "Units") -> "Units":
        """Both count the same units."""
        first, second = self.root, other.root
        if first is not second:
            first.places |= second.places
            first.sizes |= second.sizes
            first.uniform |= second.uniform
            first.hazards |= second.hazards
            second._above = first
        return first

    def endanger(self, reason: str) -> None:
        """Note why replicas of these units would change the function."""
        self.root.hazards[reason] = None

    def keep_uniform(self) -> None:
        """Note that all units must have the same number of replicas, side by side."""
        self.root.uniform = True


Labels = list[Units | None]
"""One entry an axis; None where nothing is known, and for axes of one position, which broadcast."""


class Register:
    """What is known about the tensors of one forward pass. Tensors are kept alive: an id is only good for so long."""

    def __init__(self, state: Iterable[tuple[str, Tensor]]) -> None:
        self._labels: dict[int, Labels] = {}
        self._places: dict[int, list[Place | None]] = {}
        self._alive: list[Tensor] = []
        self.taking: set[Place] = set()
        self.giving: set[Place] = set()
        self.groups: list[Units] = []
        for name, tensor in state:
            self._start(name, tensor)

    def _start(self, name: str, tensor: Tensor) -> None:
        if not tensor.is_floating_point() or id(tensor) in self._labels:
            return
        places: list[Place | None] = [(name, axis) for axis in range(tensor.dim())]
        labels = [Units(place, size) if size > 1 else None for place, size in zip(places, tensor.shape, strict=True)]
        self.groups += [label for label in labels if label is not None]
        self.put(tensor, labels, places)

    def labels(self, tensor: Tensor) -> Labels:
        """The names of a tensor's axes, as they stand by now."""
        known = self._labels.get(id(tensor), [None] * tensor.dim())
        return [None if label is None else label.root for label in known]

    def places(self, tensor: Tensor) -> list[Place | None] | None:
        """For a parameter or a mere view of one, where each axis comes from; None for what was computed."""
        return self._places.get(id(tensor))

    def put(self, tensor: Tensor, labels: Labels, places: list[Place | None] | None = None) -> None:
        """Name the axes of a tensor; axes of one position get no name."""
        self._alive.append(tensor)
        self._labels[id(tensor)] = [label if size > 1 else None for label, size in zip(labels, tensor.shape)]
        if places is not None:
            self._places[id(tensor)] = places

    def unite(self, labels: Iterable[Units | None], reason: str) -> Units | None:
        """One name for axes that meet position by position; what meets an unknown is endangered by it."""
        found = list(labels)
        known = [label for label in found if label is not None]
        if not known:
            return None
        whole = known[0].root
        for label in known[1:]:
            whole = whole.merge(label)
        if len(known) < len(found):
            whole.endanger(reason)
        return whole

    def note_giving(self, tensor: Tensor, axis: int) -> None:
        """A weight's axis gives its units to what is computed."""
        places = self.places(tensor)
        if places is not None and (place := places[axis]) is not None:
            self.giving.add(place)

    def cut(self, tensor: Tensor, axis: int, reason: str) -> None:
        """Something happens to an axis that replicas of its units would change."""
        if (label := self.labels(tensor)[axis]) is not None:
            label.endanger(reason)


UNFOLLOWED = "they meet values whose units are not known"
"""The hazard of units that meet something that no rule follows."""
Rule = Callable[[Register, Any, Any], None]
"""What one operation does to units: it gets the register, the operation's arguments and its result."""


def named(rule: Rule, *names: str) -> dict[str, Rule]:
    """One rule for several operations."""
    return dict.fromkeys(names, rule)
