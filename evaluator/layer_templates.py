"""Templates of modules whose constructors want layer classes: which norm, which activation. Child side.

What is required, or None by default and called all the same, gets the field's usual classes. The class that suits the
layout is found by trying.
"""

import re
from collections.abc import Iterator, Sequence

from archgraft.evaluator.conventions import Template, UnknownParameterError, templates
from archgraft.tree_ops.expressions import Expression
from archgraft.tree_ops.spec import Parameter

_NORM = re.compile(r"(.*_)?(norm|bn)(_?(layer|func?|class|cls|fn))?\d?")
_ACTIVATION = re.compile(r"(.*_)?(act|activation)(_?(layer|func?|class|cls|fn))?\d?")
_NORMS = ("torch.nn.BatchNorm2d", "torch.nn.LayerNorm", "torch.nn.BatchNorm1d")
_RELU = Expression("torch.nn.ReLU")


def layer_templates(parameters: Sequence[Parameter]) -> Iterator[Template]:
    """Ways to call a constructor with layer classes in it; none where no name asks for one."""
    usable = [p for p in parameters if p.kind in ("positional", "keyword") and (p.required or p.default == "None")]
    norms = [p.name for p in usable if _NORM.fullmatch(p.name)]
    activations = [p.name for p in usable if _ACTIVATION.fullmatch(p.name)]
    try:
        proposals = templates([p for p in parameters if p.name not in (*norms, *activations)])
    except UnknownParameterError:
        return
    if not norms and not activations:
        return
    for norm in _NORMS if norms else _NORMS[:1]:
        layers = {**dict.fromkeys(norms, Expression(norm)), **dict.fromkeys(activations, _RELU)}
        for template in proposals:
            yield (*template, *layers.items())
