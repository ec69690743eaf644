"""Finds how one more group of modules begins as the identity, where the loop over the groups adds what each gives.

Child side. Such a loop, `for attention, mlp in self.layers: x = attention(x) + x; x = mlp(x) + x`, has its joins in the
forward of the module that holds the list. Each module of a group is silenced; whether that makes the group hand on what
it is given is then tried: what enters the second group must be what enters the first.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from archgraft.evaluator.identity_graph import MAX_FILLED, Fill, filled, silence
from archgraft.evaluator.identity_starts import alike
from archgraft.evaluator.stillness import Stillness
from archgraft.evaluator.trace import definition
from archgraft.tree_ops.anatomy import IdentityStart


def group_starts(model: nn.Module, inputs: Tensor) -> Iterator[IdentityStart]:
    """Starts for groups that are lists in a list. The model and its inputs are to be in float64. Changes `model`."""
    for path, holder in model.named_modules():
        groups = list(holder) if isinstance(holder, nn.ModuleList) else []
        if len(groups) < 2 or not all(isinstance(group, nn.ModuleList) for group in groups):
            continue
        fill = _silencing(model, inputs, groups[0])
        if fill is None or not len(fill.zeroed) <= MAX_FILLED:
            continue
        with filled(groups[0], fill):
            if all(_hands_on(model, inputs, groups[0], groups[1], is_training=mode) for mode in (True, False)):
                for index in range(len(groups)):
                    yield IdentityStart(f"{path}.{index}", definition(groups[0]), *fill.names_in(groups[0]))


def _silencing(model: nn.Module, inputs: Tensor, group: nn.Module) -> Fill | None:
    """What silences every module of a group."""
    outputs: list[tuple[nn.Module, Tensor]] = []
    handles = [
        module.register_forward_hook(lambda module, _args, output: outputs.append((module, output)))
        for module in group.children()
    ]
    model.train()
    with Stillness():
        model(inputs)
    for handle in handles:
        handle.remove()
    fill = Fill()
    for module, output in outputs:
        silent = silence(output.grad_fn, frozenset(map(id, module.parameters()))) if torch.is_tensor(output) else None
        if silent is None:
            return None
        fill |= silent
    return fill if outputs else None


def _hands_on(model: nn.Module, inputs: Tensor, first: nn.Module, second: nn.Module, *, is_training: bool) -> bool:
    entering: dict[int, Tensor] = {}

    def keeper(group: int) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def keep(_module: nn.Module, args: tuple[Tensor, ...]) -> None:
            if args:
                entering.setdefault(group, args[0].clone())

        return keep

    handles = [
        module.register_forward_pre_hook(keeper(number))
        for number, group in enumerate((first, second))
        for module in group.children()
    ]
    model.train(is_training)
    with torch.no_grad(), Stillness():
        model(inputs)
    for handle in handles:
        handle.remove()
    return len(entering) == 2 and alike(entering[1], entering[0])
