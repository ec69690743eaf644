"""A tree as what runs: without the names, the formatting and the constructors that don't change what it does.

A node is what its code does when it is called: the methods that `forward` reaches, with the instance's children,
tensors and plain values at the places where that code uses them. So a module set by an override line is the one that an
edited call makes, and a specialised class is the class that it was cloned from as long as it runs the same code. A
layer of torch is its class with its settings. One instance in two places, and one tensor in two nodes, are told from
two. Children and tensors that no code uses count by their sizes only: they cost, and do nothing.

Where a node doesn't show what runs (a value that is no plain one, a buffer's contents, a hook, a frozen tensor), the
code that constructs it counts as well, and where that isn't enough the whole source. So trees of equal form do the
same; two that do the same may have different forms. Two things are left out on purpose: how initial weights are drawn,
and the shape of the input that a tree was traced on.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from archgraft.tree_ops.code_form import MEMBERS, SUPER, WHOLE
from archgraft.tree_ops.code_reading import Member, by_keyword, digest, expression_form, reading_of
from archgraft.tree_ops.code_statements import ANY_NAME
from archgraft.tree_ops.layer_configuration import CONTAINERS, layer_configuration
from archgraft.tree_ops.run_code import entries, run_code
from archgraft.tree_ops.torch_names import MODULE_NAMES
from archgraft.tree_ops.tree import Node, NodeTensor, Tree

_MODULE = frozenset({"torch.nn.Module", "torch.nn.modules.Module", "torch.nn.modules.module.Module"})
_LISTS = frozenset({"torch.nn.Sequential", "torch.nn.ModuleList"})
_NAMED = frozenset({"torch.nn.ModuleDict", "torch.nn.ParameterDict"})


@dataclass(frozen=True, slots=True)
class Canonical:
    """A node in its canonical form.

    `label` says what runs there, `items` the values and tensors that this uses, in order; the children are in order of
    first use. An instance that stood before in the walk is its number alone.
    """

    nid: str
    label: str
    items: tuple[str, ...]
    children: tuple["Canonical", ...]

    def __iter__(self) -> Iterator["Canonical"]:
        """Itself and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child


def canonical(tree: Tree) -> Canonical:
    """The tree's canonical form. Raises `SyntaxError` when its source is not Python."""
    return _Walk(tree).node(tree.root)


@dataclass(slots=True)
class _Draft:
    """A canonical node while it is written: what its code names is numbered in order of appearance."""

    node: Node
    slots: dict[str, str]
    tensors: dict[str, NodeTensor]
    values: dict[str, str]
    code: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    children: list[str] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    doubts: set[str] = field(default_factory=set)
    """Names that the code uses and that the node doesn't show."""


class _Walk:
    """One pass over a tree, parents first. Instances and tied tensors are numbered as they are met."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._reading = reading_of(tree.source)
        self._run = run_code(tree.source, frozenset(n.definition for n in tree if self._reading.is_class(n.definition)))
        self._nids = {node.path: node.nid for node in tree}
        self._numbers: dict[str, int] = {}
        self._ties: dict[str, int] = {}
        self._tied = {tensor.tied_to for node in tree for tensor in node.tensors if tensor.tied_to}
        self._tells_tensors = not tree.n_parameters or any(node.tensors for node in tree)

    def node(self, nid: str) -> Canonical:
        """The canonical form of a node and of all below it."""
        if nid in self._numbers:
            return Canonical(nid, f"again {self._numbers[nid]}", (), ())
        self._numbers[nid] = len(self._numbers)
        node = self._tree.nodes[nid]
        draft = _Draft(node, self._slots(node), {t.name: t for t in node.tensors}, _values(node))
        if self._reading.is_class(node.definition):
            kind = "class"
            self._instance(draft)
        else:
            kind = node.definition
            self._layer(draft)
        if self._run.is_loose:
            self._all_by_name(draft)
            draft.code.append(node.class_name)
        elif self._run.enumerates:
            self._all_children(draft)
            draft.items += [self._tensor(node, tensor) for tensor in draft.tensors.values()]
        if node.closed_because or node.alterations:  # not what it was made as, or not the same from pass to pass
            draft.code += [node.closed_because, *node.alterations, self._whole()]
        if nid == self._tree.root and self._sets_unseen:
            draft.code.append(self._whole())
        return Canonical(
            nid, f"{kind} {digest(repr(draft.code))}", tuple(draft.items), tuple(map(self.node, draft.children))
        )

    def _instance(self, draft: _Draft) -> None:
        """An instance of a class of the source."""
        name = draft.node.definition
        members = self._reading.members(name)
        found = self._reading.class_named(name)
        known = {*draft.slots, *draft.tensors, *draft.values, *members}
        for entry in entries(members):
            draft.code.append(f"{entry} {self._place(draft, entry)}")
        for exposed in sorted(known & self._run.reads):
            draft.code.append(f"seen as {exposed} {self._place(draft, exposed)}")
        for mentioned in sorted(self._run.classes.intersection(found.line)):
            draft.code.append(f"is a {self._reading.content(mentioned)}")
        stored = self._reading.stored_by(name)
        draft.doubts |= (self._run.reads & (stored | _hidden(draft.node))) - known
        if outside := [base for base in found.outside if base not in _MODULE]:
            draft.code.append(f"inherits {outside}")
            self._all_by_name(draft, children=_LISTS.isdisjoint(outside))
            self._all_children(draft)
            draft.doubts.update({name for name in stored if name.startswith("_")} - draft.values.keys())
        self._unused(draft)
        if draft.doubts or not found.is_plain:
            draft.code.append(self._made(draft))

    def _layer(self, draft: _Draft) -> None:
        """An instance of a class from elsewhere: torch's own, as a rule."""
        node = draft.node
        names_count = node.definition in _NAMED
        for name, kind, text in layer_configuration(node):
            draft.items.append(f"{name}={self._meaning(text) if kind == 'reference' else text}")
            if kind == "opaque":
                draft.doubts.add(name)
        for slot, nid in draft.slots.items():
            if names_count or slot in self._run.reads:
                draft.code.append(f"{slot} {self._child(draft, nid)}")
        self._all_children(draft)
        draft.doubts |= self._run.reads & _hidden(node)
        for tensor in draft.tensors.values():
            shown = tensor.name if node.definition not in CONTAINERS or names_count else ""
            draft.items.append(f"{shown} {self._tensor(draft.node, tensor)}")
        is_torch = node.definition.startswith("torch.")
        if draft.doubts or not is_torch or not self._tells_tensors:
            draft.code.append(self._whole())

    def _place(self, draft: _Draft, name: str) -> int:
        """The number of a name on an instance; what it means is written down when it is first met."""
        if name not in draft.places:
            draft.places[name] = len(draft.places)
            self._describe(draft, name)
        return draft.places[name]

    def _describe(self, draft: _Draft, name: str) -> None:
        member = self._reading.members(draft.node.definition).get(name)
        if name == MEMBERS:
            self._all_children(draft)
        elif name in draft.slots:
            draft.code.append(f"child {self._child(draft, draft.slots[name])}")
        elif name in draft.tensors:
            draft.code.append("tensor")
            draft.items.append(self._tensor(draft.node, draft.tensors[name]))
        elif name in draft.values:
            draft.code.append("value")
            draft.items.append(draft.values[name])
        elif member is not None:
            if name in (self._reading.set_from_outside if member.is_function else self._reading.set_anywhere):
                draft.doubts.add(name)  # what is set on the instance in place of a method, alterations tell
            self._member(draft, member)
        elif name in MODULE_NAMES or name == "training" or name == WHOLE:
            draft.code.append(f"torch's {name}")
        else:
            draft.doubts.add(name)
            draft.code.append("unknown")

    def _member(self, draft: _Draft, member: Member) -> None:
        """The code of a method, or of a value in the class body, with what its names mean here."""
        form = member.form
        outer = [self._reading.meaning(dotted, self._run.keywords) for dotted in form.outer]
        exposed = by_keyword(form, self._run.keywords)
        draft.code.append(digest(repr((member.is_function, form.text, outer, exposed))))
        for name in form.own:
            if name.startswith(SUPER):
                draft.code.append(f"@{self._super(draft, member.owner, name)}")
            else:
                draft.code.append(f"@{self._place(draft, name)}")

    def _super(self, draft: _Draft, owner: str, name: str) -> int:
        key = f"{owner}.{name}"
        if key not in draft.places:
            draft.places[key] = len(draft.places)
            behind = self._reading.member_behind(draft.node.definition, owner, name.removeprefix(SUPER))
            if behind is None:
                draft.code.append(f"torch's {name}")
            else:
                self._member(draft, behind)
        return draft.places[key]

    def _child(self, draft: _Draft, nid: str) -> int:
        if nid not in draft.children:
            draft.children.append(nid)
        return draft.children.index(nid)

    def _all_children(self, draft: _Draft) -> None:
        """All children in the order of slots."""
        places = [self._child(draft, nid) for nid in draft.slots.values()]
        draft.code.append("all" if places == sorted(set(places)) else f"all {places}")

    def _all_by_name(self, draft: _Draft, *, children: bool = True) -> None:
        """Everything under its own name: for code that finds names at run time."""
        if children:
            draft.code += [f"{slot} {self._child(draft, nid)}" for slot, nid in draft.slots.items()]
        draft.code += [f"{name} {self._tensor(draft.node, tensor)}" for name, tensor in draft.tensors.items()]
        draft.code += [f"{name} {text}" for name, text in sorted(draft.values.items())]

    def _unused(self, draft: _Draft) -> None:
        """What no code uses counts by the sizes of its tensors; what ran nevertheless is a doubt."""
        sizes: Counter[str] = Counter()
        for name, tensor in draft.tensors.items():
            if name not in draft.places:
                sizes[f"{tensor.kind} {tensor.dtype} {tensor.shape}"] += 1
        for nid in draft.node.children:
            if nid in draft.children:
                continue
            if self._tree.nodes[nid].n_calls:
                draft.doubts.add(nid)
                self._child(draft, nid)
                continue
            for below in self._tree.below(nid):
                sizes.update(f"{tensor.kind} {tensor.dtype} {tensor.shape}" for tensor in below.tensors)
        draft.items += [f"{count} unused {size}" for size, count in sorted(sizes.items())]

    def _tensor(self, node: Node, tensor: NodeTensor) -> str:
        full = f"{node.path}.{tensor.name}" if node.path else tensor.name
        group = tensor.tied_to or (full if full in self._tied else "")
        tie = f" tied {self._ties.setdefault(group, len(self._ties))}" if group else ""
        frozen = " frozen" if tensor.is_frozen else ""
        return f"{tensor.kind} {tensor.dtype} {tensor.shape}{frozen}{_start(node, tensor)}{tie}"

    def _made(self, draft: _Draft) -> str:
        """How an instance was made: its class with the constructor, and what that was given."""
        node = draft.node
        given = [
            (argument.name, self._meaning(argument.text) if argument.kind == "reference" else argument.text)
            for argument in node.arguments
        ]
        is_local = (
            all(argument.kind != "opaque" for argument in node.arguments)
            and self._reading.set_from_outside.isdisjoint((ANY_NAME, *draft.doubts))
            and self._reading.class_named(node.definition).is_plain
            and self._tells_tensors
        )
        rest = "" if is_local else self._whole()
        return f"made by {self._reading.content(node.definition)} of {given} {rest}"

    def _whole(self) -> str:
        return f"whole {self._meaning(self._tree.construct)}"

    def _meaning(self, expression: str) -> str:
        """An expression of the source, with the contents of the definitions that it names."""
        form = expression_form(expression)
        return f"{form.text}{[self._reading.meaning(dotted, ()) for dotted in form.outer]}"

    @property
    def _sets_unseen(self) -> bool:
        """Whether run code reads attributes that were set from outside their objects and that no node shows."""
        names = self._run.reads & self._reading.set_from_outside
        return bool(names) and not names.issubset(name for node in self._tree for name in self._shown(node))

    def _shown(self, node: Node) -> set[str]:
        return {*self._slots(node), *(tensor.name for tensor in node.tensors), *_values(node)}

    def _slots(self, node: Node) -> dict[str, str]:
        """Slot -> child."""
        if node.slots:
            return {slot: self._nids[path] for slot, path in node.slots}
        return {self._tree.nodes[nid].path.rpartition(".")[2]: nid for nid in node.children}


def _values(node: Node) -> dict[str, str]:
    """Plain values that a node keeps on itself, private ones of its own class included."""
    private = () if node.definition.startswith("torch.") else node.further_attributes
    return dict(node.attributes) | {name: text for name, text in private if text}


def _hidden(node: Node) -> set[str]:
    """Attributes whose values a node doesn't show."""
    return {name for name, text in node.further_attributes if not text}


def _start(node: Node, tensor: NodeTensor) -> str:
    """What a tensor begins with, where that counts: a layer's bias of nothing but zeros is one that was drawn."""
    is_drawn = tensor.name == "bias" and tensor.content in ("0.0", "-0.0") and node.definition.startswith("torch.")
    return f" of {tensor.content}" if tensor.content and not is_drawn else ""
