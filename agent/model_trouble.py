"""What to do about a model that can't be built or run, told from the error that it ended with."""

import re

_ADVICE: tuple[tuple[str, str], ...] = (
    (
        r"__init__\(\) missing|(?<!forward)\(\) missing \d+ required",
        "give the arguments, like 'FILE:CLASS(width=64)'",
    ),
    (
        r"\.forward takes \d+ inputs",
        "write a class around it whose forward takes one tensor and makes the others from it",
    ),
    (
        r"output must be one tensor",
        "write a class around it whose forward returns the one tensor that is to be trained on",
    ),
    (
        r"CUDA|cuda|NVIDIA|hip runtime",
        "trees are made without a GPU: leave .cuda() and .to('cuda') to what trains the model",
    ),
    (
        r"^(FileNotFoundError|PermissionError|NotADirectoryError|IsADirectoryError)",
        "the sandbox shows a model none of your files: build it without weights or data, like pretrained=False",
    ),
    (
        r"^(URLError|HTTPError|ConnectionError|ConnectionRefusedError|gaierror|TimeoutError)|name resolution",
        "the sandbox has no network: build it without downloads, like pretrained=False",
    ),
    (
        r"not a torch\.nn\.Module",
        "name a class derived from nn.Module, or a function that returns such a model",
    ),
    (
        r"no parameter receives a gradient",
        "its output must depend on a parameter with requires_grad, by operations that can be differentiated",
    ),
)


def advice(reason: str) -> str:
    """One clause; empty where the error speaks for itself."""
    return next((what for pattern, what in _ADVICE if re.search(pattern, reason)), "")


def with_advice(reason: str) -> str:
    """The reason, and what to do about it where that is known."""
    return f"{reason}; {what}" if (what := advice(reason)) else reason
