"""Decorators that write documentation: nothing is written here."""


def auto_docstring(obj=None, **options):
    def keep(decorated):
        return decorated

    if obj is None:
        return keep
    return obj


def auto_class_docstring(cls, **options):
    return cls
