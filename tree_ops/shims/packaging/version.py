"""Versions that can be compared: numbers, then development, pre-release, release, post-release."""

import functools
import re


class InvalidVersion(ValueError):
    """The text is no version."""


_VERSION = re.compile(
    r"\s*v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?(\d*))?"
    r"(?:-(\d+)|[-_.]?(?:post|rev|r)[-_.]?(\d*))?([-_.]?dev[-_.]?(\d*))?(?:\+[a-z0-9._-]+)?\s*",
    re.IGNORECASE,
)
_STAGES = {"a": 0, "alpha": 0, "b": 1, "beta": 1}


@functools.total_ordering
class Version:
    """A version as in PEP 440; local parts (`+cpu`) don't count."""

    def __init__(self, version):
        found = _VERSION.fullmatch(version)
        if found is None:
            raise InvalidVersion(f"Invalid version: {version!r}")
        epoch, release, stage, number, post_number, post, dev, dev_number = found.groups()
        self.text = version.strip()
        self.release = tuple(int(part) for part in release.split("."))
        self.is_prerelease = stage is not None or dev is not None
        self.is_devrelease = dev is not None
        is_post = post_number is not None or post is not None
        # A pre-release comes before its release, a development version before all else of its kind.
        before = (_STAGES.get(stage.lower(), 2), int(number or 0)) if stage else (3 if not dev or is_post else -1, 0)
        after = int(post_number or post or 0) if is_post else -1
        end = len(self.release)
        while end > 1 and self.release[end - 1] == 0:
            end -= 1
        self._key = int(epoch or 0), self.release[:end], before, after, (0, int(dev_number or 0)) if dev else (1, 0)

    @property
    def major(self):
        return self.release[0]

    @property
    def minor(self):
        return self.release[1] if len(self.release) > 1 else 0

    @property
    def micro(self):
        return self.release[2] if len(self.release) > 2 else 0

    @property
    def base_version(self):
        return ".".join(str(part) for part in self.release)

    def __eq__(self, other):
        return isinstance(other, Version) and self._key == other._key

    def __lt__(self, other):
        return self._key < other._key

    def __hash__(self):
        return hash(self._key)

    def __str__(self):
        return self.text


def parse(version):
    """The version that a text names. Raises `InvalidVersion`."""
    return Version(version)
