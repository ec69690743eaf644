"""Choosing a model class by configuration is left out: the table of all classes would need all of the package."""


class AutoModel:
    """Knows no model class."""

    @classmethod
    def from_config(cls, config, **kwargs):
        wanted = type(config).__name__
        raise NotImplementedError(f"{cls.__name__} has no table of models here: make the model of {wanted} yourself")

    @classmethod
    def from_pretrained(cls, name, *args, **kwargs):
        return cls.from_config(kwargs.get("config"))


class AutoBackbone(AutoModel):
    pass


class AutoModelForAudioClassification(AutoModel):
    pass


class AutoModelForAudioFrameClassification(AutoModel):
    pass


class AutoModelForAudioTokenization(AutoModel):
    pass


class AutoModelForAudioXVector(AutoModel):
    pass


class AutoModelForCTC(AutoModel):
    pass


class AutoModelForCausalLM(AutoModel):
    pass


class AutoModelForDecision(AutoModel):
    pass


class AutoModelForDepthEstimation(AutoModel):
    pass


class AutoModelForDocumentQuestionAnswering(AutoModel):
    pass


class AutoModelForImageClassification(AutoModel):
    pass


class AutoModelForImageMatting(AutoModel):
    pass


class AutoModelForImageSegmentation(AutoModel):
    pass


class AutoModelForImageTextToText(AutoModel):
    pass


class AutoModelForImageToImage(AutoModel):
    pass


class AutoModelForInstanceSegmentation(AutoModel):
    pass


class AutoModelForKeypointDetection(AutoModel):
    pass


class AutoModelForKeypointMatching(AutoModel):
    pass


class AutoModelForMaskGeneration(AutoModel):
    pass


class AutoModelForMaskedImageModeling(AutoModel):
    pass


class AutoModelForMaskedLM(AutoModel):
    pass


class AutoModelForMultimodalLM(AutoModel):
    pass


class AutoModelForMultipleChoice(AutoModel):
    pass


class AutoModelForNextSentencePrediction(AutoModel):
    pass


class AutoModelForNormalEstimation(AutoModel):
    pass


class AutoModelForObjectDetection(AutoModel):
    pass


class AutoModelForPointmapEstimation(AutoModel):
    pass


class AutoModelForPoseEstimation(AutoModel):
    pass


class AutoModelForPreTraining(AutoModel):
    pass


class AutoModelForQuestionAnswering(AutoModel):
    pass


class AutoModelForRNNT(AutoModel):
    pass


class AutoModelForSemanticSegmentation(AutoModel):
    pass


class AutoModelForSeq2SeqLM(AutoModel):
    pass


class AutoModelForSequenceClassification(AutoModel):
    pass


class AutoModelForSpeechSeq2Seq(AutoModel):
    pass


class AutoModelForTDT(AutoModel):
    pass


class AutoModelForTableQuestionAnswering(AutoModel):
    pass


class AutoModelForTableRecognition(AutoModel):
    pass


class AutoModelForTextEncoding(AutoModel):
    pass


class AutoModelForTextRecognition(AutoModel):
    pass


class AutoModelForTextToSpectrogram(AutoModel):
    pass


class AutoModelForTextToWaveform(AutoModel):
    pass


class AutoModelForTimeSeriesPrediction(AutoModel):
    pass


class AutoModelForTokenClassification(AutoModel):
    pass


class AutoModelForUniversalSegmentation(AutoModel):
    pass


class AutoModelForVideoClassification(AutoModel):
    pass


class AutoModelForVisualQuestionAnswering(AutoModel):
    pass


class AutoModelForZeroShotImageClassification(AutoModel):
    pass


class AutoModelForZeroShotObjectDetection(AutoModel):
    pass
