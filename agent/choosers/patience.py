"""When to leave an endpoint alone: one that died at midnight must not cost a timeout for each attempt until morning."""

_FAILURES_BORNE = 3
_MAX_PAUSE = 32


class Patience:
    """After three failures in a row, questions are spared: one, then two, four, and so on up to 32 between tries."""

    def __init__(self) -> None:
        self._n_failures = 0
        self._n_to_spare = 0

    def spare(self) -> str | None:
        """Why the next question should not be asked, or None when it should."""
        if self._n_to_spare == 0:
            return None
        self._n_to_spare -= 1
        return f"not asked: the endpoint failed {self._n_failures} times in a row"

    def succeeded(self) -> None:
        """The endpoint replied, whatever it said."""
        self._n_failures = 0

    def failed(self) -> None:
        """The endpoint gave no usable reply."""
        self._n_failures += 1
        if self._n_failures >= _FAILURES_BORNE:
            self._n_to_spare = min(2 ** (self._n_failures - _FAILURES_BORNE), _MAX_PAUSE)
