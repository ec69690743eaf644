"""Shims of small packages: versions, loggers, the hub, the einx notation."""

import itertools
import logging
from dataclasses import dataclass
from typing import Any

import packaging.version
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from archgraft.tree_ops.shims import einx as untyped_einx
from archgraft.tree_ops.shims import huggingface_hub as untyped_hub
from archgraft.tree_ops.shims import loguru as untyped_loguru
from archgraft.tree_ops.shims.packaging import version as untyped_version
from archgraft.tree_ops.shims.PIL import Image as UntypedPictures
from archgraft.tree_ops.shims.transformers.integrations import hub_kernels as untyped_kernels
from archgraft.tree_ops.shims.transformers.utils import import_utils as untyped_imports
from archgraft.tree_ops.shims.transformers.utils import logging as untyped_logging

einx: Any = untyped_einx
hub: Any = untyped_hub
loguru: Any = untyped_loguru
pictures: Any = UntypedPictures
version: Any = untyped_version
kernels: Any = untyped_kernels
imports: Any = untyped_imports
hugging_face_logging: Any = untyped_logging


PARTS = st.tuples(
    st.sampled_from(["", "1!"]),
    st.lists(st.integers(0, 12), min_size=1, max_size=3).map(lambda numbers: ".".join(map(str, numbers))),
    st.sampled_from(["", "a0", "b2", "rc1", "-alpha.1"]),
    st.sampled_from(["", ".post1", "-2"]),
    st.sampled_from(["", ".dev0", "dev3"]),
)


@given(st.lists(PARTS.map("".join), min_size=2, max_size=2))
def test_versions_compare_as_packaging_compares_them(texts: list[str]) -> None:
    (a, b), (x, y) = map(version.parse, texts), map(packaging.version.parse, texts)
    assert (a < b, a == b, a >= b) == (x < y, x == y, x >= y)
    assert (a.release, a.major, a.minor, a.micro) == (x.release, x.major, x.minor, x.micro)
    assert (a.is_prerelease, a.is_devrelease) == (x.is_prerelease, x.is_devrelease)


def test_a_text_that_is_no_version_is_refused() -> None:
    with pytest.raises(version.InvalidVersion, match="latest"):
        version.parse("latest")


def test_hugging_face_loggers_say_a_thing_once(caplog: pytest.LogCaptureFixture) -> None:
    logger = hugging_face_logging.get_logger("shim.once")
    for _ in range(2):
        logger.warning_once("twice")
    logger.warning("again %s", "and again")
    assert [record.getMessage() for record in caplog.records] == ["twice", "again and again"]


def test_loguru_messages_have_braces(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        loguru.logger.info("{} of {total}", *[1], total=2)
        loguru.logger.warning("{literal}")
    assert [record.getMessage() for record in caplog.records] == ["1 of 2", "{literal}"]


def test_a_mixin_of_the_hub_takes_the_keywords_of_a_class_and_nothing_else() -> None:
    class Net(torch.nn.Module, hub.PyTorchModelHubMixin, library_name="x"):  # type: ignore[misc, call-arg]
        pass

    assert isinstance(Net(), torch.nn.Module)


def test_a_mixin_of_the_hub_takes_what_a_class_hands_on_to_it() -> None:
    class Net(hub.PyTorchModelHubMixin):  # type: ignore[misc]
        def __new__(cls, *args: object) -> Any:
            return super().__new__(cls, *args)

        def __init__(self, width: int) -> None:
            self.width = width

    assert Net(3).width == 3


def test_nothing_is_fetched_from_the_hub() -> None:
    with pytest.raises(OSError, match="someone/model"):
        hub.hf_hub_download("someone/model", "weights.bin")


def test_no_tensor_is_a_picture_and_filters_have_their_numbers() -> None:
    assert not isinstance(torch.zeros(1), pictures.Image)
    assert [int(one) for one in (pictures.NEAREST, pictures.BILINEAR, pictures.Resampling.BICUBIC)] == [0, 2, 3]
    assert pictures.Transpose(2) is pictures.ROTATE_90


def test_validated_fields_have_their_defaults() -> None:
    positive = hub.as_validated_field(lambda value: None)

    @hub.strict
    @dataclass
    class Config:
        width: int = positive(default=3)

    assert (Config().width, Config(5).width) == (3, 5)


def test_only_torch_is_available() -> None:
    assert imports.is_torch_available()
    assert not imports.is_flash_attn_2_available()
    assert imports.is_torch_greater_or_equal("2.0")
    assert not imports.is_torch_greater_or_equal("99.0")
    imports.requires_backends(object(), "torch")
    with pytest.raises(ImportError, match="timm"):
        imports.requires_backends(object(), ["torch", "timm"])
    with pytest.raises(ValueError, match="wrong"):
        imports.torch_compilable_check(torch.tensor(False), lambda: "wrong")
    imports.torch_compilable_check(torch.tensor(True), "right")


def test_a_function_with_a_kernel_is_given_only_what_it_knows() -> None:
    @kernels.use_kernel_func_from_hub_with_fallback("scan", "mamba_ssm")  # type: ignore[untyped-decorator]
    def scan(x: int, scale: int = 1) -> int:
        return x * scale

    assert scan(2, scale=3, backend="triton") == 6


A, B, X = torch.randn(2, 3), torch.randn(2), torch.randn(2, 3, 5)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (lambda: einx.multiply("b n, b", A, B), A * B[:, None]),
        (lambda: einx.subtract("j, i -> i j", B, A[0]), B[None] - A[0][:, None]),
        (lambda: einx.subtract("i, j -> 1 1 i j", B, A[0]), (B[:, None] - A[0])[None, None]),
        (lambda: einx.add("... j, ... i -> ... i j", A, X[:, 0]), A[:, None] + X[:, 0][:, :, None]),
        (lambda: einx.where("b n, b n d, -> b n d", A > 0, X, 0.0), torch.where((A > 0)[..., None], X, 0.0)),
        (lambda: einx.where("i j, j,", A > 0, A[0], -1.0), torch.where(A > 0, A[0], -1.0)),
        (lambda: einx.less("n, b -> b n", A[0], B), A[0] < B[:, None]),
        (lambda: einx.add("b n d, s n d -> (b s) n d", X, X), (X[:, None] + X).reshape(4, 3, 5)),
        (lambda: einx.sum("... c -> ...", X), X.sum(-1)),
        (lambda: einx.mean("b [n] d", X), X.mean(1)),
        (lambda: einx.max("b n d -> d b", X), X.amax(1).T),
        (lambda: einx.divide("(h d) n, h -> h d n", X[:, :, 0].T.reshape(6, 1), A[0]), None),
    ],
)
def test_einx_matches_axes_by_name(found: Any, expected: torch.Tensor | None) -> None:
    if expected is None:
        expected = X[:, :, 0].T.reshape(3, 2, 1) / A[0][:, None, None]
    torch.testing.assert_close(found(), expected)


def test_einx_reads_at_places() -> None:
    places = torch.randint(5, (2, 3))
    found = einx.get_at("b n [l], b n -> b n", X, places)
    for b, n in itertools.product(range(2), range(3)):
        assert found[b, n] == X[b, n, places[b, n]]


@pytest.mark.parametrize("pattern", ["b n, c", "b n", "b b n, b"])
def test_einx_patterns_that_do_not_fit_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        einx.add(pattern, A, B)
