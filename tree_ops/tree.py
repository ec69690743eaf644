"""An architecture as plain data: which module instances it holds, where code made them, and what flowed through."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Argument:
    """One constructor argument of a live instance.

    `literal`: `text` is a Python literal. `reference`: `text` is a dotted name of a class or function. `opaque`:
    anything else (a module, a lambda, a config object); `text` only describes it.
    """

    name: str
    kind: Literal["literal", "reference", "opaque"]
    text: str


@dataclass(frozen=True, slots=True)
class CodeSite:
    """The call expression that made an instance: lines from 1, columns from 0, in bytes of UTF-8 as CPython counts."""

    line: int
    column: int
    end_line: int
    end_column: int
    function: str
    """Qualified name of the function that holds the call, such as `ResNet._make_layer`."""
    n_instances: int
    """How many instances of the model this one call made."""


@dataclass(frozen=True, slots=True)
class NodeTensor:
    """A parameter or buffer that a node itself owns, as its state dict names it: `weight`, `running_mean`.

    `tied_to` is the full name (`head.weight`) under which the model first holds a tensor that several nodes share;
    empty for all others and for that first one.
    """

    name: str
    shape: Shape
    dtype: str
    """Without the `torch.`: `float32`."""
    kind: Literal["parameter", "buffer"]
    tied_to: str = ""
    content: str = ""
    """What the model begins with, as far as it doesn't depend on the seed: the value that all of it has (`0.0`), or of
    another buffer a digest. Empty for parameters of several values: they are drawn, as a rule."""
    is_frozen: bool = False
    """Whether it is a parameter that no gradient is taken for."""


@dataclass(frozen=True, slots=True)
class Join:
    """A place in a node's own `forward` where two or more of its tensors become one: `x + y`, `torch.cat([x, y], 1)`.

    `site` spans the whole expression, or for `x += y` the whole statement; its `n_instances` counts the instances of
    the model that ran it. `operand_shapes` and `output_shape` are those of the first run, batch axis included; operands
    that don't flow (a class token that is put in front) are among them. `axis` is that of a concatenation, from the
    front.
    """

    operator: Literal["add", "subtract", "multiply", "maximum", "concatenate"]
    site: CodeSite
    operand_shapes: tuple[Shape, ...]
    output_shape: Shape
    axis: int | None = None


@dataclass(frozen=True, slots=True)
class AttributeRead:
    """An attribute of a node that code outside it reads off it: `num_patches` of `self.patch_embed.num_patches`.

    What takes the node's place must have such an attribute. `__len__`, `__iter__` and `__getitem__` stand for
    `len(slot)`, a loop over it, and `slot[0]`.
    """

    name: str
    when: Literal["construction", "forward"]
    reader: str
    """Qualified name of the function that reads it first: `VisionTransformer.__init__`."""
    value: str | None = None
    """What it read, as a Python literal where that is a plain value; None for tensors, modules, methods and others."""
    is_guarded: bool = False
    """Whether every reader had asked before, by `isinstance`, of what class the node is: another class is not read."""


@dataclass(frozen=True, slots=True)
class Node:
    """One module instance.

    Shapes are those of the first call with the traced batch, batch axis included; empty when the node was never
    called or took or gave anything but one floating-point tensor. `attribute_reads` are attributes that other code
    reads off this instance while it runs (`self.slot.weight`): they close the node to replacement, unless what replaces
    it has them too. `reads` says more of them, and of those that constructors read.
    """

    nid: str
    path: str
    class_name: str
    definition: str
    """Qualified name of the class: a top-level name of the tree's source, or `torch.nn....`."""
    arguments: tuple[Argument, ...]
    site: CodeSite | None
    input_shapes: tuple[Shape, ...]
    output_shapes: tuple[Shape, ...]
    n_calls: int
    call_order: int | None
    """Position of its first call among all module calls of one forward pass; None when never called."""
    extra_inputs: bool
    """Whether the call gave more than one tensor or any keyword that is not None."""
    n_parameters: int
    """Of the node and all below it; shared tensors count once."""
    flops: int
    attribute_reads: tuple[str, ...]
    children: tuple[str, ...]
    shared: bool
    """Whether the instance is reachable by more than one path, or shares a parameter with another node."""
    opaque: bool
    """Whether torch itself made it, inside another torch module: closed to edits."""
    tensors: tuple[NodeTensor, ...] = ()
    """Its own parameters and persistent buffers, those of its children not among them."""
    joins: tuple[Join, ...] = ()
    """In the order in which one forward pass meets them."""
    attributes: tuple[tuple[str, str], ...] = ()
    """Plain values that it keeps on itself (numbers, texts, flags, None, containers of these): name, Python literal."""
    reads: tuple[AttributeRead, ...] = ()
    """Attributes that other code reads off it, each once for construction and once for forward."""
    closed_because: str = ""
    """Why it can't be edited, where no other field tells: `called for some inputs only`, `made in forward`."""
    branches_on_data: bool = False
    """Whether its own `forward` makes a Python value of a tensor's values (`if x.mean() > 0`)."""
    slots: tuple[tuple[str, str], ...] = ()
    """Slot and path of the node that stands in it, for all its slots in order; empty unless one of them holds an
    instance that the model holds elsewhere, too. Otherwise the children say it all."""
    further_attributes: tuple[tuple[str, str], ...] = ()
    """All others that it keeps on itself: those with an underscore, and what is no plain value, with an empty text."""
    alterations: tuple[str, ...] = ()
    """What was done to the instance that its class doesn't tell: `hook`, and methods that were set on it by name."""
    overwritten: bool = False
    """Whether other code changes its output in place: `nn.ReLU(inplace=True)` behind it, or `y += x`."""
    copied_from: str | None = None
    """The parent tree's node whose weights it begins with, for a copy; a node that was kept has its own `nid`."""


@dataclass(frozen=True)  # without slots: the indexes are kept once made
class Tree:
    """A model: source that defines it, the expression that builds it, and its nodes by `nid`, parents first."""

    source: str
    construct: str
    nodes: Mapping[str, Node]
    root: str
    batch: int
    n_parameters: int
    flops: int
    """Of one sample."""

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes.values())

    def parent_of(self, nid: str) -> Node | None:
        """The node that holds `nid` in a slot, or None for the root."""
        return self._parents.get(nid)

    def at(self, path: str) -> Node:
        """The node at a dotted path ("" is the root). Raises `KeyError` when there is none."""
        return self._by_path[path]

    def depth_of(self, nid: str) -> int:
        """How many slots lie between the root and the node."""
        path = self.nodes[nid].path
        return path.count(".") + 1 if path else 0

    def below(self, nid: str) -> Iterator[Node]:
        """The node and all nodes under it."""
        node = self.nodes[nid]
        yield node
        for child in node.children:
            yield from self.below(child)

    @cached_property
    def by_definition(self) -> Mapping[str, Sequence[Node]]:
        """The nodes of each class, parents first."""
        found: dict[str, list[Node]] = {}
        for node in self:
            found.setdefault(node.definition, []).append(node)
        return found

    @cached_property
    def _parents(self) -> Mapping[str, Node]:
        return {child: node for node in reversed(tuple(self)) for child in node.children}

    @cached_property
    def _by_path(self) -> Mapping[str, Node]:
        return {node.path: node for node in reversed(tuple(self))}
