"""Code that would harm the program it is grafted into is refused, with what it did; what only looks so is not."""

from collections.abc import Iterator

import pytest

from archgraft.evaluator.probing import ProbeRejection, probe_module
from archgraft.sandbox.protocol import Sandbox
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.contract import Contract
from tests.evaluator.handmade import spec_of

LAYER = """
{head}

class Layer(nn.Module):
    {body}
    def __init__(self, dim):
        super().__init__()
        self.linear = nn.Linear(dim, dim)
        {making}

    def forward(self, x):
        {running}
        return self.linear(x).relu()
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with LocalSandbox(preload=("archgraft.evaluator.probe",)) as made:
        yield made


def probed(sandbox: Sandbox, head: str = "", body: str = "", making: str = "", running: str = "") -> object:
    source = LAYER.format(head=head, body=body, making=making, running=running)
    return probe_module(sandbox, spec_of(source, "dim"))


AT_IMPORT = {
    "print('loaded')": "prints at import",
    "import sys; sys.stderr.write('loaded')": "prints at import",
    "open('notes.txt', 'w').close()": "writes files at import",
    "open('/etc/hostname').close()": "reads files at import",
    "import os; os.mkdir('cache')": "writes files at import",
    "import os; os.environ['OMP_NUM_THREADS'] = '8'": "changes the environment at import",
    "import socket; socket.socket().close()": "touches the network at import",
    "import urllib.request\ntry:\n    urllib.request.urlopen('http://127.0.0.1:9')\nexcept OSError:\n    pass": (
        "touches the network at import"
    ),
    "import threading; threading.Thread(target=int).start()": "starts threads at import",
    "import subprocess; subprocess.run(['true'])": "starts processes at import",
    "import time; time.sleep(0.01)": "sleeps at import",
    "torch.set_default_dtype(torch.float64)": "changes torch's settings (default dtype) at import",
    "torch.set_num_threads(2)": "changes torch's settings (threads) at import",
    "torch.backends.cudnn.benchmark = True": "changes torch's settings (cudnn.benchmark) at import",
    "torch.manual_seed(0)": "reseeds torch at import",
    "import random; random.seed(0)": "reseeds Python's random numbers at import",
    "import numpy; numpy.random.seed(0)": "reseeds numpy at import",
    "import warnings; warnings.filterwarnings('ignore')": "changes warning filters at import",
    "import sys; sys.path.insert(0, '/somewhere')": "changes the interpreter's settings (sys.path) at import",
    "import logging; logging.basicConfig()": "changes logging (handlers) at import",
    "nn.Linear.extra_repr = lambda self: ''": "patches (torch.nn.modules.linear.Linear.extra_repr) at import",
    "torch.Tensor.twice = lambda self: self * 2": "patches (torch.Tensor.twice) at import",
    "nn.modules.module.register_module_forward_hook(lambda *_: None)": (
        "registers global hooks (_global_forward_hooks) at import"
    ),
}


@pytest.mark.parametrize("head", AT_IMPORT)
def test_harm_done_by_loading_the_source_is_refused(sandbox: Sandbox, head: str) -> None:
    assert probed(sandbox, head) == ProbeRejection("poison", AT_IMPORT[head])


@pytest.mark.parametrize(
    ("making", "reason"),
    [
        ("print(dim)", "prints when it is made"),
        ("torch.manual_seed(0)", "reseeds torch when it is made"),
        ("open('weights.bin', 'wb').close()", "writes files when it is made"),
        ("open('/nowhere/weights.bin')", "reads files when it is made"),
        ("import time; self.made = time.time()", "reads the clock when it is made"),
    ],
)
def test_harm_done_by_the_constructor_is_refused(sandbox: Sandbox, making: str, reason: str) -> None:
    assert probed(sandbox, making=making) == ProbeRejection("poison", reason)


@pytest.mark.parametrize(
    ("head", "body", "running", "reason"),
    [
        ("", "", "print(x.shape)", "prints when it runs"),
        ("import datetime", "", "self.now = datetime.datetime.now()", "reads the clock when it runs"),
        ("from time import perf_counter", "", "self.now = perf_counter()", "reads the clock when it runs"),
        ("", "seen = []", "Layer.seen.append(len(Layer.seen))", "keeps more with every call when it runs"),
        ("SEEN = {}", "", "SEEN[len(SEEN)] = x.mean()", "keeps more with every call when it runs"),
        (
            "import functools\n@functools.lru_cache(None)\ndef mean(x):\n    return x.mean()",
            "",
            "mean(x)",
            "keeps more with every call when it runs",
        ),
        ("", "", "x = x * WORLD_SIZE", "needs a global WORLD_SIZE that nothing defines when it runs"),
        (
            "import torch.distributed as dist",
            "",
            "dist.all_reduce(x)",
            "needs a distributed process group when it runs",
        ),
        ("", "", "torch.set_num_threads(2)", "changes torch's settings (threads) when it runs"),
    ],
)
def test_harm_done_by_a_call_is_refused(sandbox: Sandbox, head: str, body: str, running: str, reason: str) -> None:
    found = probed(sandbox, head, body, running=running)
    assert found == ProbeRejection("poison", reason)


@pytest.mark.parametrize(
    ("head", "body", "making", "running"),
    [
        ("import warnings; warnings.warn('old')", "", "", "warnings.warn('slow')"),
        ("import logging\nlogger = logging.getLogger('layer')", "", "logger.error('a')", "logger.error('b')"),
        ("import warnings", "", "", "with warnings.catch_warnings(): warnings.simplefilter('ignore')"),
        ("import socket, threading, subprocess, urllib.request, multiprocessing", "", "", ""),
        ("import time; LOADED = time.time()", "", "", ""),
        ("import numpy as np", "", "self.scale = np.random.rand() + torch.rand(1).item()", ""),
        ("", "sizes = {}", "", "Layer.sizes[x.shape] = 1"),
        ("import functools\n@functools.lru_cache(8)\ndef mean(x):\n    return x.mean()", "", "", "mean(x)"),
        ("", "", "self.last = None", "self.last = x.detach()"),
        ("", "", "", "with torch.random.fork_rng(): torch.manual_seed(3); torch.rand(1)"),
        ("import os; N = os.environ.get('WORLD_SIZE', 1)", "", "", ""),
        ("", "", "", "with torch.no_grad(): x.mean()"),
    ],
)
def test_what_does_no_harm_is_taken(sandbox: Sandbox, head: str, body: str, making: str, running: str) -> None:
    assert isinstance(found := probed(sandbox, head, body, making, running), Contract), found
