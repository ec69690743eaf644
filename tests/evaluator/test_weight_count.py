import numpy as np
import pytest

from archgraft.evaluator.evaluate import CandidateSource
from archgraft.evaluator.weight_count import UnexpectedWeightsError, WeightCount, count_weights
from archgraft.sandbox.supervisor import LocalSandbox
from tests.evaluator.test_evaluate import HEAD, clusters, run
from tests.planting import plant_tree

SOURCE = f"""{HEAD}    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 3)
        self.norm = nn.BatchNorm1d(3)
        self.tied = nn.Linear(6, 3)
        self.tied.weight = self.fc.weight
        self.twice = nn.ModuleList([self.tied])

    def forward(self, x):
        return self.norm(self.fc(x)) + self.tied(x)
"""


def test_what_came_back_of_a_training_is_counted_by_the_tree_that_was_accepted(shared_sandbox: LocalSandbox) -> None:
    task = clusters()
    tree = plant_tree(shared_sandbox, SOURCE, "Model()", task.train.inputs[:8])
    trained = run(shared_sandbox, CandidateSource(SOURCE, "Model()"), task, keep_weights=True)
    assert trained.weights is not None
    assert trained.result.metrics is not None
    found = count_weights(tree, trained.weights)
    assert found == WeightCount(n_parameters=18 + 3 + 3 + 3 + 3, n_in_buffers=3 + 3 + 1)
    assert found.n_parameters == trained.result.metrics.n_parameters
    with pytest.raises(UnexpectedWeightsError, match="values of hidden are not in the tree"):
        count_weights(tree, {**trained.weights, "hidden": np.ones(1000, np.float32)})
    with pytest.raises(UnexpectedWeightsError, match=r"fc.weight has shape \(3, 7\) where the tree has \(3, 6\)"):
        count_weights(tree, {**trained.weights, "fc.weight": np.ones((3, 7), np.float32)})
    with pytest.raises(UnexpectedWeightsError, match=r"values of tied\.weight are not those of fc.weight"):
        count_weights(tree, {**trained.weights, "tied.weight": np.ones((3, 6), np.float32)})
    with pytest.raises(UnexpectedWeightsError, match=r"lack norm\.bias"):
        count_weights(tree, {name: array for name, array in trained.weights.items() if name != "norm.bias"})
