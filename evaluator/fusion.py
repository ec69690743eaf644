"""Folds batch norms into the convolution or linear layer before them, as one does to deploy. Sandbox child only.

Which pairs may be folded is found by running the model once in eval mode, so that any model will do, traceable or not:
the batch norm's input must be the very tensor that the layer gave, and nobody else may use that tensor, or what either
of the two holds. Of a batch norm that does more, as one with an activation of its own, that rest must be its children,
one after the other. Afterwards the model's outputs are compared with those before; where they differ all is put back.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

TOLERANCE = 1e-3
"""Relative to the largest output, as where the parent compares a model's outputs (evaluator/examination.py)."""
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, *TRANSPOSED)
BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
_ELSEWHERE = 0
"""Stands for every user of a tensor that is none of the layers that are looked at."""


@dataclass(frozen=True, slots=True)
class Fusion:
    """What came of it. `reason` says why nothing was folded, if so."""

    n_pairs: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """A layer, the batch norm behind it, and what the batch norm does besides."""

    layer: nn.Module
    norm: nn.Module
    rest: nn.Module


def fuse(model: nn.Module, inputs: Tensor) -> Fusion:
    """Fold all pairs that `inputs`, a small batch, shows, in place. The model is in eval mode afterwards.

    Raises what the model raises when it is run as it is.
    """
    model.eval()
    pairs, before = pairs_of(model, inputs)
    if not pairs:
        return Fusion(0, "no batch norm stands alone behind a convolution or linear layer")
    places = {id(module): found for module in _members(pairs) if (found := _places(model, module))}
    try:
        for pair in pairs:
            _put(places[id(pair.layer)], _folded(pair))
            _put(places[id(pair.norm)], pair.rest)
        with torch.no_grad():
            fault = _difference(before, model(inputs))
    except Exception as error:  # noqa: BLE001 - the model's own code, which may want what is gone; it is told
        fault = f"{type(error).__name__}: {error}"
    if not fault:
        return Fusion(len(pairs))
    for module in _members(pairs):
        _put(places[id(module)], module)
    return Fusion(0, f"the folded model is not the same: {fault}")


def pairs_of(model: nn.Module, inputs: Tensor) -> tuple[list[Pair], Any]:
    """The pairs that can be folded, in the order of their calls, and the model's output. Runs the model once."""
    watch = _Watch(model)
    with torch.no_grad(), watch.watching(), watch:
        output = model(inputs)
    kept = {_storage(leaf) for leaf in tree_leaves(output) if isinstance(leaf, Tensor)}
    found = []
    for norm, taken in watch.taken:
        layer = next((layer for layer, given in watch.given if given is taken), None)
        if layer is None or _storage(taken) in kept or not watch.is_private(layer, norm, taken):
            continue
        if _foldable(layer, norm, taken) and (rest := _rest(norm, taken, watch.normed[id(norm)])) is not None:
            found.append(Pair(layer, norm, rest))
    return found, output


class _Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Who uses which tensor's memory, while a model runs, and what its layers give and take.

    Tensors are held until the end, so that no memory is used twice. Views of a tensor share its memory, so uses of a
    view are uses of it.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.given: list[tuple[nn.Module, Tensor]] = []
        self.taken: list[tuple[nn.Module, Tensor]] = []
        self.normed: dict[int, Any] = {}
        """A copy of what each batch norm gave, as the next module may work in place; by identity of the batch norm."""
        bare = [module for module in model.modules() if _is_bare(module)]
        self._layers = [module for module in bare if type(module) in (*CONVOLUTIONS, nn.Linear)]
        self._norms = [module for module in bare if isinstance(module, BATCH_NORMS)]
        self._current = _ELSEWHERE
        self._users: dict[int, set[int]] = defaultdict(set)
        self._n_calls: dict[int, int] = defaultdict(int)
        self._held: list[Tensor] = []

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """As `FlopCount` has it: nothing is compiled here, so the compiler need not be imported."""
        return False

    def __torch_dispatch__(
        self, func: Any, _types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        output = func(*args, **(kwargs or {}))
        for leaf in tree_leaves((args, kwargs)):
            if isinstance(leaf, Tensor):
                self._held.append(leaf)
                self._users[_storage(leaf)].add(self._current)
        self._held += [leaf for leaf in tree_leaves(output) if isinstance(leaf, Tensor)]
        return output

    @contextmanager
    def watching(self) -> Iterator[None]:
        """While active, calls of the layers are noted."""
        with ExitStack() as handles:
            for module in (*self._layers, *self._norms):
                handles.callback(module.register_forward_pre_hook(self._enter).remove)
                handles.callback(module.register_forward_hook(self._leave).remove)
            yield

    def _enter(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        self._current = id(module)
        self._n_calls[id(module)] += 1
        if isinstance(module, BATCH_NORMS) and len(args) == 1:
            self.taken.append((module, args[0]))

    def _leave(self, module: nn.Module, _args: tuple[Any, ...], output: Any) -> None:
        self._current = _ELSEWHERE
        if isinstance(module, BATCH_NORMS):
            self.normed[id(module)] = output.clone() if isinstance(output, Tensor) else output
        else:
            self.given.append((module, output))

    def is_private(self, layer: nn.Module, norm: nn.Module, between: Tensor) -> bool:
        """Whether both ran once, only they used the tensor between them, and each alone used what it holds."""
        if self._n_calls[id(layer)] != 1 or self._n_calls[id(norm)] != 1:
            return False
        own = [
            (tensor, id(module)) for module in (layer, norm) for tensor in module.state_dict(keep_vars=True).values()
        ]
        used_between = self._users[_storage(between)]
        return used_between <= {id(layer), id(norm)} and all(
            self._users[_storage(tensor)] <= {user} for tensor, user in own
        )


def _is_bare(module: nn.Module) -> bool:
    """Whether what it does is what its class says: no hooks, and no forward set on this one alone."""
    return not (module._forward_hooks or module._forward_pre_hooks or "forward" in vars(module))


def _foldable(layer: nn.Module, norm: nn.Module, between: Tensor) -> bool:
    """Whether the arithmetic is that of one layer: the same channels, on known statistics."""
    if norm.training or norm.running_mean is None or norm.running_var is None:
        return False
    if isinstance(layer, nn.Linear):  # its features are the last axis, a batch norm's the second one
        return between.ndim == 2 and layer.out_features == norm.num_features and norm.weight is not None
    return not isinstance(layer, TRANSPOSED) or layer.groups == 1


def _rest(norm: Any, taken: Tensor, given: Any) -> nn.Module | None:
    """What a batch norm does besides: nothing, or what its children do in turn; None when it is neither."""
    if type(norm) in BATCH_NORMS:
        return nn.Identity()
    rest = nn.Sequential(*norm.children()).eval()
    plain = nn.functional.batch_norm(
        taken, norm.running_mean, norm.running_var, norm.weight, norm.bias, training=False, eps=norm.eps
    )
    try:
        with torch.no_grad():
            return rest if not _difference(given, rest(plain)) else None
    except Exception:  # noqa: BLE001 - children that can't be called like this, so they are not the rest
        return None


def _folded(pair: Pair) -> nn.Module:
    layer: Any = pair.layer
    norm: Any = pair.norm
    folded: nn.Module
    if isinstance(layer, nn.Linear):
        folded = fuse_linear_bn_eval(layer, norm)
    else:
        folded = fuse_conv_bn_eval(layer, norm, transpose=isinstance(layer, TRANSPOSED))
    return folded


def _difference(before: Any, after: Any) -> str:
    """In what two outputs differ beyond rounding; empty when in nothing."""
    for first, second in zip(tree_leaves(before), tree_leaves(after), strict=True):
        if isinstance(first, Tensor):
            worst = float((first - second).abs().max()) if first.numel() else 0.0
            scale = max(float(first.abs().max()), 1e-6) if first.numel() else 1.0
            if not worst <= TOLERANCE * scale:
                return f"outputs differ by {worst:.3g}, the largest being {scale:.3g}"
    return ""


def _members(pairs: list[Pair]) -> Iterator[nn.Module]:
    for pair in pairs:
        yield from (pair.layer, pair.norm)


def _places(model: nn.Module, module: nn.Module) -> list[tuple[nn.Module, str]]:
    """Every slot that holds it."""
    return [(parent, name) for parent in model.modules() for name, child in parent._modules.items() if child is module]


def _put(places: list[tuple[nn.Module, str]], module: nn.Module) -> None:
    for parent, name in places:
        parent._modules[name] = module


def _storage(tensor: Tensor) -> int:
    """Which memory a tensor is a view of."""
    return int(tensor.untyped_storage()._cdata)
