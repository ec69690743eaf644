"""The base class of configurations: fields with defaults, aliases, and the choice of attention, but no files."""

import dataclasses

from .utils.sub_configurations import SubConfigSpec


class PreTrainedConfig:
    """Subclasses' annotated fields become keyword arguments; further ones become attributes.

    Left out: files and the hub, checks of values, one configuration for each layer.
    """

    model_type = ""
    attribute_map = {}
    sub_configs_defaults = {}
    base_model_tp_plan = None
    base_model_pp_plan = None
    base_model_ep_plan = None
    default_theta = 10_000.0
    default_rope_type = "default"
    _name_or_path = ""
    _attn_implementation_internal = None
    _experts_implementation_internal = None
    _defaults = {
        "output_hidden_states": False,
        "return_dict": True,
        "dtype": None,
        "chunk_size_feed_forward": 0,
        "is_encoder_decoder": False,
        "id2label": None,
        "label2id": None,
        "problem_type": None,
        "output_attentions": False,
    }

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "sub_configs_defaults" in cls.__dict__:
            cls.sub_configs_defaults = {
                key: value if isinstance(value, SubConfigSpec) else SubConfigSpec(value)
                for key, value in cls.sub_configs_defaults.items()
            }
        dataclasses.dataclass(cls, init=False, repr=False, eq=False, kw_only=True)

    def __init__(self, *args, **kwargs):
        if args:
            raise ValueError(f"{type(self).__name__} takes keyword arguments only")
        fields = dataclasses.fields(self) if dataclasses.is_dataclass(self) else ()
        for name, value in {name: kwargs.pop(name, value) for name, value in self._defaults.items()}.items():
            setattr(self, name, value)
        for field in fields:
            if field.name in kwargs:
                setattr(self, field.name, kwargs.pop(field.name))
            elif field.default is not dataclasses.MISSING:
                setattr(self, field.name, field.default)
            elif field.default_factory is not dataclasses.MISSING:
                setattr(self, field.name, field.default_factory())
            else:
                raise TypeError(f"{type(self).__name__} needs a value for {field.name}")
        self.__post_init__(**kwargs)

    def __post_init__(self, **kwargs):
        for key, specification in self.sub_configs_defaults.items():
            value = getattr(self, key, None)
            if value is not None or not specification.optional:
                setattr(self, key, specification.create(value))
        n_labels = kwargs.pop("num_labels", None)
        if self.id2label is None:
            self.num_labels = n_labels or 2
        else:
            self.id2label = {int(key): value for key, value in self.id2label.items()}
        if hasattr(self, "rope_parameters"):
            kwargs = self.convert_rope_params_to_dict(**kwargs)
        self._name_or_path = str(kwargs.pop("name_or_path", ""))
        self._attn_implementation = kwargs.pop("attn_implementation", None)
        self._experts_implementation = kwargs.pop("experts_implementation", None)
        for key, value in kwargs.items():
            setattr(self, key, value)

    # Aliases: `attribute_map` says under which name a value is kept

    def __setattr__(self, key, value):
        super().__setattr__(type(self).attribute_map.get(key, key), value)

    def __getattribute__(self, key):
        return super().__getattribute__(type(self).attribute_map.get(key, key))

    @property
    def name_or_path(self):
        return self._name_or_path

    @property
    def use_return_dict(self):
        return self.return_dict

    @property
    def num_labels(self):
        return None if self.id2label is None else len(self.id2label)

    @num_labels.setter
    def num_labels(self, number):
        if self.num_labels != number:
            self.id2label = {index: f"LABEL_{index}" for index in range(number)}
            self.label2id = {label: index for index, label in self.id2label.items()}

    # What holds for parts, too

    @property
    def sub_configs(self):
        return {key: specification.config_class for key, specification in self.sub_configs_defaults.items()}

    def _parts(self):
        return [part for key in self.sub_configs_defaults if (part := getattr(self, key, None)) is not None]

    @property
    def _attn_implementation(self):
        return self._attn_implementation_internal

    @_attn_implementation.setter
    def _attn_implementation(self, value):
        self._attn_implementation_internal = value.get("") if isinstance(value, dict) else value
        for part in self._parts():
            part._attn_implementation = self._attn_implementation_internal

    @property
    def _experts_implementation(self):
        return self._experts_implementation_internal

    @_experts_implementation.setter
    def _experts_implementation(self, value):
        self._experts_implementation_internal = value
        for part in self._parts():
            part._experts_implementation = value

    def get_text_config(self, decoder=None, encoder=None):
        """The part for text, where a configuration has one; else itself."""
        names = ["decoder", "generator", "text_config"] if decoder or not encoder else []
        names += ["text_encoder"] if encoder or not decoder else []
        found = [getattr(self, name) for name in names if getattr(self, name, None) is not None]
        return found[0] if len(found) == 1 else self

    # Rotary embeddings

    @property
    def rope_scaling(self):
        return self.rope_parameters

    def convert_rope_params_to_dict(self, **kwargs):
        """Gather what older configurations spread over several values into `rope_parameters`."""
        self.rope_parameters = kwargs.pop("rope_scaling", None) or self.rope_parameters or {}
        shared = {"rope_theta": kwargs.pop("rope_theta", getattr(self, "rope_theta", self.default_theta))}
        part = kwargs.pop("partial_rotary_factor", getattr(self, "partial_rotary_factor", None))
        if part is not None:
            shared["partial_rotary_factor"] = part
        labels = getattr(self, "_rope_type_labels", None) or getattr(self, "layer_types", None) or ()
        nested = [self.rope_parameters[key] for key in self.rope_parameters if key in labels]
        for parameters in nested or [self.rope_parameters]:
            if parameters is not None:
                kind = parameters.setdefault("rope_type", parameters.get("type", "default"))
                if kind == "default":
                    parameters["rope_type"] = self.default_rope_type
                elif kind in ("llama3", "yarn", "longrope"):
                    longest = getattr(self, "original_max_position_embeddings", None) or self.max_position_embeddings
                    parameters.setdefault("original_max_position_embeddings", longest)
                for key, value in shared.items():
                    parameters.setdefault(key, value)
        return kwargs

    def standardize_rope_params(self):
        self.convert_rope_params_to_dict()

    def to_dict(self):
        """All values that were set."""
        return dict(vars(self))


PretrainedConfig = PreTrainedConfig
