"""Base classes of models that can be loaded from the hub: without the loading."""


class ModelHubMixin:
    """A base that takes the keywords of class statements, such as `library_name`, and does nothing with them."""

    def __init_subclass__(cls, **options):
        super().__init_subclass__()


class PyTorchModelHubMixin(ModelHubMixin):
    """The same for torch modules."""
