"""Models that give feature maps of several stages."""

import functools


class BackboneMixin:
    """Put before the model's base: which stages there are, and which of them are wanted, is the configuration's matter.

    Backbones that wrap a model of timm are left out.
    """

    has_attentions = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.stage_names = self.config.stage_names
        self.num_features = None

    @property
    def out_features(self):
        return self.config.out_features

    @property
    def out_indices(self):
        return self.config.out_indices

    @property
    def out_feature_channels(self):
        return dict(zip(self.stage_names, self.num_features))

    @property
    def channels(self):
        return [self.out_feature_channels[name] for name in self.out_features]

    def forward_with_filtered_kwargs(self, *args, **kwargs):
        if not self.has_attentions:
            kwargs.pop("output_attentions", None)
        return self(*args, **kwargs)


def filter_output_hidden_states(forward_function):
    """Have the hidden states computed, and hand them on only to who asked for them."""

    @functools.wraps(forward_function)
    def wrapper(self, *args, **kwargs):
        wanted = kwargs.get("output_hidden_states", getattr(self.config, "output_hidden_states", False))
        output = forward_function(self, *args, **(kwargs | {"output_hidden_states": True}))
        if not wanted:
            output = type(output)(**{name: value for name, value in output.items() if name != "hidden_states"})
        return output

    return wrapper
