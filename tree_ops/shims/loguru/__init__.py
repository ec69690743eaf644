"""Loguru's logger on top of the standard one: messages with braces, no sinks."""

import logging


class _Logger:
    """Levels as methods; whatever a message is given goes into its braces."""

    def _log(self, level, message, *args, **kwargs):
        if args or kwargs:
            message = message.format(*args, **kwargs)
        logging.getLogger("loguru").log(level, "%s", message)

    def debug(self, message, *args, **kwargs):
        self._log(logging.DEBUG, message, *args, **kwargs)

    trace = debug

    def info(self, message, *args, **kwargs):
        self._log(logging.INFO, message, *args, **kwargs)

    success = info

    def warning(self, message, *args, **kwargs):
        self._log(logging.WARNING, message, *args, **kwargs)

    def error(self, message, *args, **kwargs):
        self._log(logging.ERROR, message, *args, **kwargs)

    exception = critical = error


logger = _Logger()
