"""Dataclass decorators without their validation."""

import dataclasses


def strict(cls=None, *, accept_kwargs=False):
    """The class as it is: values are not checked."""

    def keep(decorated):
        return decorated

    if cls is None:
        return keep
    return cls


def as_validated_field(validator):
    """A maker of dataclass fields; the validator is not called."""

    def make_field(default=dataclasses.MISSING, default_factory=dataclasses.MISSING, **options):
        options.pop("metadata", None)
        return dataclasses.field(default=default, default_factory=default_factory, **options)

    return make_field
