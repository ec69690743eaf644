"""A corpus is a part of what its sources hold."""

import pytest

from archgraft.tree_ops.index import Definition
from benchmarks.mining.corpora import Corpus, named


def classes_of(corpus: Corpus, *modules: str) -> list[str]:
    return [module for module in modules if corpus.holds(Definition(module, "Layer"))]


def test_patterns_choose_files_as_a_program_imports_them() -> None:
    modules = ("zoo.models.bert.modeling_bert", "zoo.models.bert.tokens", "zoo.transforms.crop", "zoo")
    assert classes_of(Corpus("zoo", ("zoo",)), *modules) == list(modules)
    assert classes_of(Corpus("zoo", ("zoo",), only=("*/modeling_*.py",)), *modules) == [modules[0]]
    assert classes_of(Corpus("zoo", ("zoo",), exclude=("zoo/transforms/*", "zoo/__init__.py")), *modules) == list(
        modules[:2]
    )


def test_a_sample_keeps_the_order_and_is_drawn_once_each() -> None:
    classes = [Definition("zoo", f"Layer{number:02}") for number in range(40)]
    drawn = Corpus("zoo", ("zoo",), n_sampled=10).draw(classes, seed=1)
    assert len(drawn) == 10
    assert drawn == sorted(set(drawn), key=lambda one: one.name)


def test_an_unknown_corpus_is_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"there is no corpus 'tim': use one of timm, vit-pytorch"):
        named("tim")
