"""What models of transformers rely on in their base classes, as its documentation states it."""

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from archgraft.tree_ops.shims.transformers import backbone_utils as untyped_backbones
from archgraft.tree_ops.shims.transformers import configuration_utils as untyped_configurations
from archgraft.tree_ops.shims.transformers import modeling_layers as untyped_layers
from archgraft.tree_ops.shims.transformers import modeling_utils as untyped_models
from archgraft.tree_ops.shims.transformers.utils import generic as untyped_generic
from archgraft.tree_ops.shims.transformers.utils import output_capturing as untyped_capturing

backbones: Any = untyped_backbones
configurations: Any = (
    untyped_configurations  # shims are written without annotations, to be short where they are inlined
)
layers: Any = untyped_layers
models: Any = untyped_models
generic: Any = untyped_generic
capturing: Any = untyped_capturing


class Block(layers.GradientCheckpointingLayer):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.n_calls = 0

    def forward(self, x: torch.Tensor, scale: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
        self.n_calls += 1
        return self.linear(x) * scale, x.softmax(-1)


class Model(models.PreTrainedModel):  # type: ignore[misc]
    supports_gradient_checkpointing = True
    layers: Any
    embed_tokens: Any
    _supports_sdpa = True
    _tied_weights_keys = {"head.weight": "embed_tokens.weight"}  # noqa: RUF012
    _can_record_outputs = {"hidden_states": Block, "attentions": capturing.OutputRecorder(Block, index=1)}  # noqa: RUF012

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.embed_tokens = nn.Embedding(8, 4, padding_idx=0)
        self.layers = nn.ModuleList([Block(), Block()])
        self.head = nn.Linear(4, 8, bias=False)
        self.post_init()

    @generic.merge_with_config_defaults  # type: ignore[untyped-decorator]
    @capturing.capture_outputs  # type: ignore[untyped-decorator]
    def forward(self, ids: torch.Tensor, use_cache: bool | None = None, **kwargs: Any) -> Any:
        x = self.embed_tokens(ids)
        for layer in self.layers:
            x = layer(x, scale=2.0)[0]
        return Output(last_hidden_state=x + 1, use_cache=torch.tensor(bool(use_cache)))


@dataclasses.dataclass
class Output(generic.ModelOutput):  # type: ignore[misc]
    last_hidden_state: torch.Tensor | None = None
    use_cache: torch.Tensor | None = None
    hidden_states: tuple[torch.Tensor, ...] | None = None
    attentions: tuple[torch.Tensor, ...] | None = None


class Config(configurations.PreTrainedConfig):  # type: ignore[misc]
    model_type = "test"
    attribute_map = {"width": "hidden_size"}  # noqa: RUF012
    hidden_size: int = 4
    head_dim: int | None = None
    use_cache: bool = True
    max_position_embeddings: int = 7
    tie_word_embeddings: bool = True
    rope_parameters: dict[str, Any] | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        self.head_dim = self.head_dim or self.hidden_size // 2
        super().__post_init__(**kwargs)


IDS = torch.tensor([[1, 2, 0]])


def test_a_model_initialises_and_ties_its_weights_and_chooses_its_attention() -> None:
    torch.manual_seed(0)
    model = Model(Config(initializer_range=0.5))
    assert model.head.weight is model.embed_tokens.weight
    assert model.embed_tokens.weight[0].abs().sum() == 0
    assert model.layers[0].linear.bias.abs().sum() == 0
    assert 0.3 < model.layers[0].linear.weight.std() < 0.7
    assert model.config._attn_implementation == "sdpa"
    assert Model(Config(tie_word_embeddings=False)).head.weight.data_ptr() != model.embed_tokens.weight.data_ptr()


def test_a_model_inside_a_model_is_initialised_once_and_by_its_own_rule() -> None:
    class Ones(Model):
        def _init_weights(self, module: nn.Module) -> None:
            if isinstance(module, nn.Linear):
                nn.init.ones_(module.weight)

    class Outer(models.PreTrainedModel):  # type: ignore[misc]
        def __init__(self, config: Any) -> None:
            super().__init__(config)
            self.inner: Any = Ones(config)
            nn.init.zeros_(self.inner.layers[0].linear.weight)
            self.own = nn.Linear(4, 4)
            self.post_init()

    outer: Any = Outer(Config())
    assert outer.inner.layers[0].linear.weight.sum() == 0
    assert torch.equal(outer.inner.layers[1].linear.weight, torch.ones(4, 4))
    assert 0 < outer.own.weight.abs().sum() < 1


def test_embeddings_are_found_under_their_usual_names() -> None:
    model = Model(Config())
    assert model.get_input_embeddings() is model.embed_tokens
    replacement = nn.Embedding(3, 4)
    model.set_input_embeddings(replacement)
    assert model.embed_tokens is replacement
    with pytest.raises(NotImplementedError):
        models.PreTrainedModel(Config()).get_input_embeddings()


def test_hidden_states_and_attentions_are_collected_when_asked_for() -> None:
    model = Model(Config()).eval()
    plain = model(IDS)
    assert list(plain) == ["last_hidden_state", "use_cache"]
    full = model(IDS, output_hidden_states=True, output_attentions=True)
    assert len(full.hidden_states) == 3
    assert torch.equal(full.hidden_states[0], model.embed_tokens(IDS))
    assert torch.equal(full.hidden_states[-1], full.last_hidden_state)
    assert len(full.attentions) == 2
    assert not model.layers[0]._forward_hooks
    assert isinstance(model(IDS, return_dict=False), tuple)


def test_use_cache_comes_from_the_configuration_unless_it_is_given() -> None:
    model = Model(Config(use_cache=True))
    assert model(IDS).use_cache
    assert not model(IDS, use_cache=False).use_cache
    assert not model(IDS, False).use_cache
    assert not Model(Config(use_cache=False))(IDS).use_cache


def test_checkpointing_recomputes_in_backward_and_changes_no_gradient() -> None:
    model = Model(Config()).train()
    model(IDS).last_hidden_state.sum().backward()
    expected = model.layers[0].linear.weight.grad.clone()
    model.zero_grad()
    model.gradient_checkpointing_enable()
    model.layers[0].n_calls = 0
    model(IDS).last_hidden_state.sum().backward()
    assert model.layers[0].n_calls == 2
    torch.testing.assert_close(model.layers[0].linear.weight.grad, expected)


def test_an_output_is_a_dictionary_and_a_tuple_of_what_is_not_none() -> None:
    output = Output(last_hidden_state=torch.ones(2), attentions=(torch.zeros(1),))
    assert list(output) == ["last_hidden_state", "attentions"]
    assert output[0] is output["last_hidden_state"] is output.last_hidden_state
    assert output[1:] == (output.attentions,)
    output.hidden_states = (torch.zeros(3),)
    assert "hidden_states" in output
    output["use_cache"] = torch.ones(1)
    assert output.use_cache is output["use_cache"]
    assert isinstance(Output({"last_hidden_state": torch.ones(1)})["last_hidden_state"], torch.Tensor)


def test_can_return_tuple_follows_argument_and_configuration() -> None:
    class Net(nn.Module):
        config = SimpleNamespace(return_dict=False)

        @generic.can_return_tuple  # type: ignore[untyped-decorator]
        def forward(self, x: torch.Tensor) -> Any:
            return Output(last_hidden_state=x)

    x = torch.ones(1)
    assert Net()(x) == (x,)
    assert isinstance(Net()(x, return_dict=True), Output)


def test_a_configuration_has_its_fields_aliases_and_further_values() -> None:
    config = Config(hidden_size=6, extra=3, num_labels=5)
    assert (config.hidden_size, config.head_dim, config.extra, config.num_labels) == (6, 3, 3, 5)
    config.width = 8
    assert config.hidden_size == config.width == 8
    assert config.rope_parameters == {"rope_type": "default", "rope_theta": 10_000.0}
    assert Config(rope_scaling={"rope_type": "yarn"}, rope_theta=5.0).rope_parameters == {
        "rope_type": "yarn",
        "rope_theta": 5.0,
        "original_max_position_embeddings": 7,
    }
    assert config.get_text_config() is config
    assert Config.attribute_map == {"width": "hidden_size"}


def test_a_configuration_written_with_a_constructor_of_its_own_works_too() -> None:
    class Old(configurations.PretrainedConfig):  # type: ignore[misc]
        def __init__(self, hidden_size: int = 3, **kwargs: Any) -> None:
            self.hidden_size = hidden_size
            super().__init__(**kwargs)

    old = Old(output_attentions=True, torchscript=False)
    assert (old.hidden_size, old.output_attentions, old.torchscript, old.return_dict) == (3, True, False, True)


def test_a_configuration_makes_its_parts_and_tells_them_what_holds_for_all() -> None:
    class Whole(configurations.PreTrainedConfig):  # type: ignore[misc]
        sub_configs_defaults = {  # noqa: RUF012
            "text_config": Config,
            "vision_config": configurations.SubConfigSpec(Config, init_kwargs={"hidden_size": 10}),
        }
        text_config: Any = None
        vision_config: Any = None

    whole = Whole(text_config={"hidden_size": 2}, attn_implementation="eager")
    assert (whole.text_config.hidden_size, whole.vision_config.hidden_size) == (2, 10)
    assert whole.vision_config._attn_implementation == "eager"
    assert whole.get_text_config() is whole.text_config


def test_losses_follow_the_class_name() -> None:
    class NetForSequenceClassification(Model):
        pass

    logits, labels = torch.randn(2, 3, 8), torch.randint(8, (2, 3))
    expected = nn.functional.cross_entropy(logits[:, :-1].reshape(-1, 8), labels[:, 1:].reshape(-1))
    torch.testing.assert_close(Model(Config()).loss_function(logits, labels, vocab_size=8), expected)
    classifier = NetForSequenceClassification(Config(num_labels=8))
    loss = classifier.loss_function(labels=labels[:, 0], pooled_logits=logits[:, 0], config=classifier.config)
    torch.testing.assert_close(loss, nn.functional.cross_entropy(logits[:, 0], labels[:, 0]))


def test_a_backbone_names_its_stages_and_keeps_hidden_states_to_itself() -> None:
    class Backbone(backbones.BackboneMixin, Model):  # type: ignore[misc]
        def __init__(self, config: Any) -> None:
            super().__init__(config)
            self.num_features = [3, 4]

        @backbones.filter_output_hidden_states  # type: ignore[untyped-decorator]
        def forward(self, ids: torch.Tensor, **kwargs: Any) -> Any:
            return super().forward(ids, **kwargs)

    model = Backbone(Config(stage_names=["stem", "stage1"], out_features=["stage1"], out_indices=[1]))
    assert model.channels == [4]
    assert model.out_feature_channels == {"stem": 3, "stage1": 4}
    assert "hidden_states" not in model(IDS)
    assert len(model(IDS, output_hidden_states=True).hidden_states) == 3
