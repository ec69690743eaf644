"""Base classes of models that can be loaded from the hub: without the loading."""


class ModelHubMixin:
    """A base that takes the keywords of class statements, such as `library_name`, and does nothing with them.

    What the constructor is given goes no further than here: a `__new__` may hand it on.
    """

    def __new__(cls, *args, **kwargs):
        return super().__new__(cls)

    def __init_subclass__(cls, **options):
        super().__init_subclass__()


class PyTorchModelHubMixin(ModelHubMixin):
    """The same for torch modules."""
