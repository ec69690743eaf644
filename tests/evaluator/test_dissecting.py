from dataclasses import replace

from archgraft.evaluator.dissecting import anatomy_of
from archgraft.sandbox.supervisor import LocalSandbox
from tests.planting import LIMITS, RESIDUAL, inputs, plant_tree

FORGING = """
from archgraft.sandbox import serving

send = serving.send_frame
serving.send_frame = lambda stream, kind, message: send(stream, kind, serving.Message({"anatomy": [1]}))
"""


def test_a_module_that_answers_in_the_place_of_the_dissection_has_no_anatomy(shared_sandbox: LocalSandbox) -> None:
    batch = inputs(3, 8, 8)
    tree = plant_tree(shared_sandbox, RESIDUAL, "Net(width=4)", batch)
    anatomy = anatomy_of(shared_sandbox, replace(tree, source=tree.source + FORGING), batch, 0, LIMITS)
    assert anatomy.groups == ()
    assert anatomy.failure.startswith("the anatomy can't be read: ")
