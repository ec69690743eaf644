"""Whether mined code is at work, and in which phase, as told by the call stack. Child side."""

from types import FrameType

from archgraft.evaluator.loading import MINED

AT_IMPORT, WHEN_MADE, WHEN_RUN = "at import", "when it is made", "when it runs"
_MAKERS = frozenset({"__init__", "__new__", "__call__", "__init_subclass__"})
_IMPORT_FILES = ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>")
_COMPILER = ("/torch/_dynamo/", "/torch/_inductor/")
_FILENAME = f"<{MINED}>"


def phase(frame: FrameType | None, *, transparent: tuple[str, ...] = ()) -> str | None:
    """The phase of the mined code that this frame works for; None when it works for none, or only imports for it.

    Frames in files whose names end with one of `transparent` are not held against it either.
    """
    outermost = None
    while frame is not None:
        name = frame.f_code.co_filename
        if outermost is None and (name in _IMPORT_FILES or name.endswith(transparent)):
            return None
        if name == _FILENAME:
            outermost = frame
        frame = frame.f_back
    if outermost is None:
        return None
    if outermost.f_code.co_name == "<module>":
        return AT_IMPORT
    return WHEN_MADE if outermost.f_code.co_name in _MAKERS else WHEN_RUN


def works_for_compiler(frame: FrameType | None) -> bool:
    """Whether torch's compiler is at work between mined code and this frame."""
    while frame is not None and not is_mined(frame):
        if any(part in frame.f_code.co_filename for part in _COMPILER):
            return True
        frame = frame.f_back
    return False


def is_mined(frame: FrameType | None) -> bool:
    """Whether the frame itself is mined code."""
    return frame is not None and frame.f_code.co_filename == _FILENAME
