"""Nothing of the hub itself: models can be built on its mixins, but load and store nothing."""

from .dataclasses import as_validated_field, strict
from .file_download import hf_hub_download, snapshot_download
from .hub_mixin import ModelHubMixin, PyTorchModelHubMixin
