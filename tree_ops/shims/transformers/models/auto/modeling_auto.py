"""Choosing a model class by configuration is left out: the table of all classes would need all of the package."""


class AutoModel:
    """Knows no model class."""

    @classmethod
    def from_config(cls, config, **kwargs):
        raise NotImplementedError(f"{cls.__name__} has no table of models here: the model of {type(config).__name__} is not part of this file")

    @classmethod
    def from_pretrained(cls, name, *args, **kwargs):
        return cls.from_config(kwargs.get("config"))


class AutoBackbone(AutoModel):
    pass


class AutoModelForCausalLM(AutoModel):
    pass


class AutoModelForSeq2SeqLM(AutoModel):
    pass


class AutoModelForImageTextToText(AutoModel):
    pass


class AutoModelForKeypointDetection(AutoModel):
    pass


class AutoModelForSequenceClassification(AutoModel):
    pass


class AutoModelForTextEncoding(AutoModel):
    pass


class AutoModelForTokenClassification(AutoModel):
    pass
