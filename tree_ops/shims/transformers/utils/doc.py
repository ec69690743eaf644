"""Decorators that write documentation: nothing is written here."""


def add_start_docstrings(*texts):
    def keep(decorated):
        return decorated

    return keep


def add_start_docstrings_to_model_forward(*texts):
    def keep(decorated):
        return decorated

    return keep


def add_end_docstrings(*texts):
    def keep(decorated):
        return decorated

    return keep


def add_code_sample_docstrings(*texts, **options):
    def keep(decorated):
        return decorated

    return keep


def replace_return_docstrings(output_type=None, config_class=None):
    def keep(decorated):
        return decorated

    return keep
