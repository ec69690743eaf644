"""Endless candidates beside good ones: does an innocent one lose its turn?

Thirty candidates in two slots, 15 % of which never end, each with a limit of three seconds. FINDINGS of the field: in
one popular evaluator 21 of 30 timed out because of a few endless ones.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from archgraft.evaluator.evaluate import CandidateSource, evaluate
from archgraft.evaluator.results import Result
from archgraft.evaluator.tasks.load import load_task
from archgraft.sandbox.protocol import Limits
from archgraft.sandbox.supervisor import LocalSandbox
from benchmarks.evaluator.throughput import MODEL

N_CANDIDATES = 30
ENDLESS_SHARE = 0.15
N_SLOTS = 2
WALL_SECONDS = 3.0

_ENDLESS = """

class Endless(ResNet):
    def forward(self, x):
        while True:
            x = x + 0
"""


def innocents(seed: int) -> dict[str, float | int]:
    """How many good candidates did not end well, and how long it all took."""
    task = load_task("digits")
    splits, recipe = task.load(), replace(task.recipe, epochs=1)
    source = MODEL.read_text()
    n_endless = round(ENDLESS_SHARE * N_CANDIDATES)
    is_endless = np.random.default_rng(seed).permutation(N_CANDIDATES) < n_endless
    with LocalSandbox(preload=("archgraft.evaluator.train",)) as sandbox:

        def one(endless: bool) -> Result:
            text = source + _ENDLESS if endless else source
            candidate = CandidateSource(text, "Endless()" if endless else "ResNet()")
            limits = Limits(wall_seconds=WALL_SECONDS)
            return evaluate(sandbox, candidate, task, splits, seed=0, limits=limits, recipe=recipe).result

        one(endless=False)  # not counted: it starts the zygote
        started = time.perf_counter()
        with ThreadPoolExecutor(N_SLOTS) as pool:
            results = list(pool.map(one, is_endless.tolist()))
        wall_seconds = time.perf_counter() - started
    lost = [result for result, endless in zip(results, is_endless) if not endless and not result.ok]
    for result in lost:
        print(f"an innocent candidate was lost: {result.status} ({result.reason})")
    return {
        "innocents": int((~is_endless).sum()),
        "innocents_lost": len(lost),
        "endless_stopped": sum(not result.ok for result, endless in zip(results, is_endless) if endless),
        "innocents_wall_seconds": wall_seconds,
    }
