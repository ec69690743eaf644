"""What models take from transformers.utils besides their own package's helpers."""

from .auto_docstring import auto_docstring
from .doc import (
    add_code_sample_docstrings,
    add_end_docstrings,
    add_start_docstrings,
    add_start_docstrings_to_model_forward,
    replace_return_docstrings,
)
from .generic import ModelOutput
