"""Templates for classes that naming conventions alone don't build: from a trial at two widths. Child side."""

from collections.abc import Iterator, Mapping
from typing import Any

from archgraft.evaluator.conventions import Template
from archgraft.evaluator.derived_templates import derive, settled
from archgraft.evaluator.trial import STAGES, Search
from archgraft.tree_ops.spec import Parameter

WIDTHS = (32, 64)
SECONDS = 1.0
"""CPU time for each of the two trials."""


def further_templates(
    module_class: Any, namespace: Mapping[str, Any], header: Mapping[str, Any], parameters: list[Parameter]
) -> Iterator[Template]:
    """At most one template for each way that works at both widths: the proposals given, then what a trial finds."""
    calls = []
    for width in WIDTHS:
        search = Search(module_class, namespace, header, widths=(width,), seconds=SECONDS)
        found = search.run(parameters)
        if STAGES.index(found.stage) < STAGES.index("forward"):
            return
        calls.append(settled(found.arguments, search.configs_of_best))
    template = derive(calls[0], calls[1], WIDTHS)
    if template is not None:
        yield template
