"""Notes on old names: no warnings here."""


def deprecate_kwarg(old_name, version=None, new_name=None, **options):
    """The function as it is: an old name of an argument is not renamed."""

    def keep(decorated):
        return decorated

    return keep
