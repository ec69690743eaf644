"""Errors that a user can mend. The command line prints their message and exits with code 2."""


class SourceError(ValueError):
    """A source or model reference can't be used: missing file, syntax error, class not found, package not installed."""


class LibraryError(ValueError):
    """A library file can't be used: not a library, made by a newer version, not writable."""
