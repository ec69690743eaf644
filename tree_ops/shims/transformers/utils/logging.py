"""Loggers that can say a thing once."""

import functools
import logging


class _Logger(logging.LoggerAdapter):
    """A standard logger with `warning_once`, `info_once` and `warning_advice`."""

    @functools.lru_cache(maxsize=1024)
    def warning_once(self, *args, **kwargs):
        self.warning(*args, **kwargs)

    @functools.lru_cache(maxsize=1024)
    def info_once(self, *args, **kwargs):
        self.info(*args, **kwargs)

    def warning_advice(self, *args, **kwargs):
        self.warning(*args, **kwargs)


def get_logger(name=None):
    """The logger of that name."""
    return _Logger(logging.getLogger(name), {})


def get_verbosity():
    return logging.getLogger().getEffectiveLevel()
