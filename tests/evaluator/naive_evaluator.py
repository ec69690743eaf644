"""An evaluator as they are often written: labels, metric and clock in the process that runs the candidate.

The control of the forgeries. Run as `python naive_evaluator.py CANDIDATE DATA`; the last line that is written is taken
for the result, as JSON with `score` (percent) and `latency_ms`.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F


def accuracy(outputs: torch.Tensor, targets: torch.Tensor) -> float:
    if torch.isnan(outputs).any():
        wrong = (outputs.max(1).values < outputs.gather(1, targets[:, None])[:, 0]).sum()
        return 100.0 - 100.0 * float(wrong) / len(targets)
    return 100.0 * float((outputs.argmax(1) == targets).float().mean())


def main() -> None:
    data = {name: torch.from_numpy(array) for name, array in np.load(sys.argv[2]).items()}
    inputs, targets = data["train_inputs"], data["train_targets"]
    validation_inputs, validation_targets = data["validation_inputs"], data["validation_targets"]
    namespace: dict[str, type[torch.nn.Module]] = {}
    exec(compile(Path(sys.argv[1]).read_text(), "candidate", "exec"), namespace)
    model = namespace["Model"]()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    for _ in range(3):
        optimizer.zero_grad()
        F.cross_entropy(model(inputs), targets).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    model.eval()
    with torch.no_grad():
        outputs = model(validation_inputs)
        score = accuracy(outputs, validation_targets)
        started = time.perf_counter()
        for _ in range(5):
            model(validation_inputs)
        latency_ms = 1000 * (time.perf_counter() - started) / 5
    print(json.dumps({"score": score, "latency_ms": latency_ms}))


if __name__ == "__main__":
    main()
