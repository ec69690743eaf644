"""A training of your own: mixup (Zhang et al. 2018, arXiv 1710.09412).

Any function that takes a model, the training data and a budget will do. It runs in the sandbox, for your model and for
every candidate alike; name it as FILE:FUNCTION, or PACKAGE.MODULE:FUNCTION:

    archgraft search 'examples/resnet.py:ResNet()' --task digits \
        --set recipe.train_function=examples/custom_training.py:mixup ...
"""

import torch
from torch import nn

from archgraft.evaluator.user_training import TrainingBudget, TrainingData

STRENGTH = 0.2
"""Of the mixing: both parameters of the beta distribution that a batch's share is drawn from."""


def mixup(model: nn.Module, data: TrainingData, budget: TrainingBudget) -> None:
    """Train on mixtures of two samples, with the losses of both targets in the same shares."""
    recipe, n_samples = budget.recipe, len(data)
    optimizer = torch.optim.AdamW(model.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
    n_steps = budget.epochs * -(-n_samples // budget.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, n_steps)
    shares = torch.distributions.Beta(STRENGTH, STRENGTH)
    for epoch in range(1, budget.epochs + 1):
        total = 0.0
        for rows in torch.randperm(n_samples).split(budget.batch_size):  # chance comes from the seed: torch's is set
            inputs, targets = data.inputs[rows].to(budget.device), data.targets[rows].to(budget.device)
            share, partners = float(shares.sample()), torch.randperm(len(rows))
            outputs = model(share * inputs + (1 - share) * inputs[partners])
            loss = share * budget.loss(outputs, targets) + (1 - share) * budget.loss(outputs, targets[partners])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), recipe.gradient_clip)
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) * len(rows)
        if not budget.report(epoch, total / n_samples):  # a candidate that is far behind need not go on
            return
