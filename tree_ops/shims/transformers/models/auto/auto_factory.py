"""Tables of classes by name: empty."""


class _BaseAutoModelClass:
    """Knows no class."""


class _LazyAutoMapping(dict):
    """An empty table, whatever it would be filled from."""

    def __init__(self, config_mapping=None, model_mapping=None):
        super().__init__()
