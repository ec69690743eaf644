"""Nothing of the hub itself."""

from .dataclasses import as_validated_field, strict
