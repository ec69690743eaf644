"""Errors that a user can mend. The command line prints their message and exits with code 2."""


class UsageError(ValueError):
    """A setting, budget or run folder can't be used: the message says what is wrong, where, and what to do."""
