import math
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archgraft.agent.store.codec import from_json, to_json
from archgraft.evaluator.results import Metrics
from archgraft.tree_ops.edits import Adapter, Edit, Graft
from tests.agent.synthetic import source_of, tree_of

pairs = st.lists(st.tuples(st.text(), st.text()), max_size=3).map(tuple)
adapters = st.lists(st.builds(Adapter, st.text(), pairs), max_size=3).map(tuple)
grafts = st.builds(Graft, st.text(), pairs, adapters, adapters, adapters, adapters)


@given(st.builds(Edit, st.sampled_from(("swap", "insert")), st.text(), st.text(), st.none() | grafts, pairs))
def test_any_edit_comes_back_equal(edit: Edit) -> None:
    assert from_json(Edit, to_json(edit)) == edit


def test_a_tree_comes_back_equal_with_its_tuples() -> None:
    tree = tree_of(source_of([]))
    assert from_json(type(tree), to_json(tree)) == tree


def test_numbers_of_numpy_and_numbers_that_are_none_are_kept() -> None:
    metrics = Metrics(np.float32(0.5), math.inf, np.int64(3), 4, 0.1, 0.2, 8, 16)  # type: ignore[arg-type]  # as measured
    assert from_json(Metrics, to_json(metrics)) == Metrics(0.5, math.inf, 3, 4, 0.1, 0.2, 8, 16)


def test_what_is_no_data_is_refused() -> None:
    @dataclass
    class Holder:
        value: object

    assert to_json(Holder(MappingProxyType({"a": 1}))) == '{"value":{"a":1}}'
    with pytest.raises(TypeError, match="can't keep a function"):
        to_json(Holder(source_of))
