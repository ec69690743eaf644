"""How a configuration makes the configurations of its parts."""


class SubConfigSpec:
    """The class of a part's configuration and what to make it with."""

    def __init__(self, config_class, model_type=None, init_kwargs=None, optional=False):
        self.config_class = config_class
        self.model_type = model_type or getattr(config_class, "model_type", "")
        self.init_kwargs = init_kwargs or {}
        self.optional = optional

    def create(self, value):
        """The part's configuration out of a dictionary, None (its defaults), or itself."""
        if value is not None and not isinstance(value, dict):
            return value
        if not hasattr(self.config_class, "convert_rope_params_to_dict"):
            return self.config_class.for_model(self.model_type)
        return self.config_class(**(self.init_kwargs if value is None else value))
