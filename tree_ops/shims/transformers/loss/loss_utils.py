"""Classification and language model losses, by the last part of a model class's name."""

import torch
from torch.nn import functional


def _cross_entropy(logits, labels, num_items_in_batch=None, ignore_index=-100, **kwargs):
    """The mean, or the sum over a number of items that the caller counted."""
    if num_items_in_batch is None:
        return functional.cross_entropy(logits, labels, ignore_index=ignore_index)
    return functional.cross_entropy(logits, labels, ignore_index=ignore_index, reduction="sum") / num_items_in_batch


def ForCausalLMLoss(logits, labels, vocab_size, ignore_index=-100, shift_labels=None, **kwargs):
    """Each position predicts the next token."""
    if shift_labels is None:
        shift_labels = functional.pad(labels, (0, 1), value=ignore_index)[..., 1:]
    return _cross_entropy(
        logits.float().reshape(-1, vocab_size), shift_labels.reshape(-1), ignore_index=ignore_index, **kwargs
    )


def ForMaskedLMLoss(logits, labels, vocab_size, **kwargs):
    """Each position predicts its own token."""
    return _cross_entropy(logits.float().reshape(-1, vocab_size), labels.reshape(-1), **kwargs)


def ForSequenceClassificationLoss(labels, pooled_logits, config, **kwargs):
    """Regression for one label, classes for whole numbers, several classes at once for other labels."""
    if config.problem_type is None:
        is_whole = labels.dtype in (torch.long, torch.int)
        several = "single_label_classification" if is_whole else "multi_label_classification"
        config.problem_type = "regression" if config.num_labels == 1 else several
    if config.problem_type == "regression":
        return functional.mse_loss(pooled_logits.squeeze(), labels.squeeze())
    if config.problem_type == "single_label_classification":
        return _cross_entropy(pooled_logits.reshape(-1, config.num_labels), labels.reshape(-1), **kwargs)
    return functional.binary_cross_entropy_with_logits(pooled_logits, labels)


def ForTokenClassification(logits, labels, config, **kwargs):
    """A class for each token."""
    return _cross_entropy(logits.float().reshape(-1, config.num_labels), labels.reshape(-1), **kwargs)


def ForQuestionAnsweringLoss(start_logits, end_logits, start_positions, end_positions, **kwargs):
    """The mean of the losses of where the answer starts and ends; positions behind the input don't count."""
    if start_positions is None or end_positions is None:
        return None
    length = start_logits.size(1)
    parts = ((start_logits, start_positions), (end_logits, end_positions))
    losses = [_cross_entropy(logits, p.reshape(-1).clamp(0, length), ignore_index=length) for logits, p in parts]
    return (losses[0] + losses[1]) / 2


LOSS_MAPPING = {
    "ForCausalLM": ForCausalLMLoss,
    "ForConditionalGeneration": ForCausalLMLoss,
    "ForMaskedLM": ForMaskedLMLoss,
    "ForQuestionAnswering": ForQuestionAnsweringLoss,
    "ForSequenceClassification": ForSequenceClassificationLoss,
    "ForImageClassification": ForSequenceClassificationLoss,
    "ForVideoClassification": ForSequenceClassificationLoss,
    "ForAudioClassification": ForSequenceClassificationLoss,
    "ForTokenClassification": ForTokenClassification,
}
