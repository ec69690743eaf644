"""Asks a language model for the constructor arguments of a class that nothing else could build (law 3).

The question is closed: for every required parameter one of the listed values. What is answered is a proposal like any
other, and the same probe decides; no answer, or a bad one, leaves things as they were.
"""

from archgraft.agent.choosers.json_objects import objects_in
from archgraft.agent.choosers.openai_client import LlmError, OpenAiClient
from archgraft.evaluator.harvesting import Template
from archgraft.prompts.construct import construction_schema, render_construction
from archgraft.tree_ops.contract import Role
from archgraft.tree_ops.expressions import Expression
from archgraft.tree_ops.spec import ModuleSpec

MAX_PARAMETERS = 12
"""More than these and the class is no layer."""

_SEQUENCES: tuple[object, ...] = ([1, 1], [2, 2], (1, 1), (3, 3), (4, 4), (8, 8), [], {})
VALUES: tuple[tuple[str, object], ...] = (
    ("width", Role("in_width")),
    ("another width, which the layer gives", Role("out_width")),
    ("twice the width", Role("in_width", factor=2)),
    ("four times the width", Role("in_width", factor=4)),
    ("half the width", Role("in_width", divisor=2)),
    ("a quarter of the width", Role("in_width", divisor=4)),
    *((str(number), number) for number in (0, 1, 2, 3, 4, 5, 7, 8, 16, 32, 64)),
    *((str(number), number) for number in (0.0, 0.1, 0.5, 1.0, 2.0)),
    ("True", True),
    ("False", False),
    ("None", None),
    *(
        (text, Expression(text))
        for text in (
            "torch.nn.GELU",
            "torch.nn.ReLU",
            "torch.nn.SiLU",
            "torch.nn.LayerNorm",
            "torch.nn.BatchNorm2d",
            "torch.nn.Conv2d",
            "torch.nn.Linear",
            "torch.nn.Identity",
            "torch.nn.GELU()",
            "torch.nn.Identity()",
            "torch.nn.LayerNorm(in_width)",
            "torch.nn.Linear(in_width, in_width)",
            "torch.nn.Conv2d(in_width, in_width, 3, padding=1)",
            "[in_width, in_width]",
            "[in_width, in_width, in_width, in_width]",
        )
    ),
    *((repr(value), value) for value in _SEQUENCES),
)
"""What may be answered: how it is shown, and the template's value."""


class ArgumentQuestion:
    """Asks one model. May be used from several threads at once."""

    def __init__(self, client: OpenAiClient) -> None:
        self._client = client

    def ask(self, spec: ModuleSpec, reason: str) -> Template | None:
        """A template that the model proposes, or None: nothing to ask, no usable answer. Never raises for the model."""
        required = [parameter for parameter in spec.parameters if parameter.required]
        if not 0 < len(required) <= MAX_PARAMETERS:
            return None
        messages = render_construction(
            {
                "class_name": spec.class_name,
                "reason": reason,
                "parameters": [{"name": one.name, "annotation": one.annotation or ""} for one in required],
                "values": [shown for shown, _ in VALUES],
            }
        )
        try:
            reply = self._client.complete(messages, construction_schema(len(required), len(VALUES)))
        except LlmError:
            return None
        answer = next(objects_in(reply.text), None)
        return None if answer is None else _template([one.name for one in required], answer)


def _template(names: list[str], answer: dict[str, object]) -> Template | None:
    """The template of an answer that follows the schema to the letter; None of any other."""
    if set(answer) != {f"p{number}" for number in range(len(names))}:
        return None
    known = {f"v{number}": value for number, (_, value) in enumerate(VALUES)}
    picked = [answer[f"p{number}"] for number in range(len(names))]
    if not all(isinstance(one, str) and one in known for one in picked):
        return None
    return tuple((name, known[str(one)]) for name, one in zip(names, picked, strict=True))
