"""Several jobs alive at once of which one works at a time: each does something only when it is asked to.

`Sandbox.run` returns when its job ends, so each job has a thread, in which its child is waited for and answered.
"""

import time
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from queue import SimpleQueue
from types import TracebackType

import numpy as np

from archgraft.sandbox.protocol import Job, Json, Limits, Message, Outcome, Sandbox

FINISH = Message({"do": "finish"})


class EndedError(Exception):
    """A job ended where an answer was due. Its outcome says why."""


class TurnJob:
    """A job that waits to be asked. Used by one thread."""

    def __init__(self, threads: Executor, sandbox: Sandbox, job: Job, limits: Limits) -> None:
        self.waited_seconds = 0.0
        """How long the child was not asked for anything."""
        self._orders: SimpleQueue[Message] = SimpleQueue()
        self._said: SimpleQueue[tuple[Message, float] | None] = SimpleQueue()
        self._closed = False
        self._asked_at = time.perf_counter()
        self._future = threads.submit(sandbox.run, job, limits, self._respond)
        self._future.add_done_callback(lambda _: self._said.put(None))

    def ready(self) -> Mapping[str, Json]:
        """Wait for what the child says first; its header. Raises `EndedError`."""
        return self._heard()[0].header

    def ask(self, order: Message) -> tuple[np.ndarray, float]:
        """The array `outputs` of the child's answer, and the seconds until it was there.

        Raises `EndedError`, and `KeyError` for an answer without outputs.
        """
        self._orders.put(order)
        answer, seconds = self._heard()
        return answer.arrays["outputs"], seconds

    def finish(self) -> Outcome:
        """Let the child end, and wait for it. Raises `SandboxError`. Gives the same outcome each time."""
        self.close()
        return self._future.result()

    def close(self) -> None:
        """Whatever the child says from now on, it is told to end. Nothing is waited for."""
        self._closed = True
        self._orders.put(FINISH)

    def _heard(self) -> tuple[Message, float]:
        said = self._said.get()
        if said is None:
            self._said.put(None)  # for whoever asks again
            raise EndedError
        return said

    def _respond(self, message: Message) -> Message:
        """Runs in the job's thread: both readings of the clock are here, so that changing threads is not timed."""
        heard_at = time.perf_counter()
        if self._closed:
            return FINISH
        self._said.put((message, heard_at - self._asked_at))
        order = self._orders.get()
        self._asked_at = time.perf_counter()
        self.waited_seconds += self._asked_at - heard_at
        return order


class Turns:
    """Jobs that take turns in one sandbox. A context manager; all have ended when it is left, but for an interrupt."""

    def __init__(self, sandbox: Sandbox, n_jobs: int) -> None:
        self._sandbox = sandbox
        self._threads = ThreadPoolExecutor(n_jobs)
        self._jobs: list[TurnJob] = []

    def start(self, job: Job, limits: Limits) -> TurnJob:
        """Begin a job. Its time limit goes on while it waits."""
        self._jobs.append(TurnJob(self._threads, self._sandbox, job, limits))
        return self._jobs[-1]

    def outcomes(self) -> list[Outcome]:
        """End what still runs; all outcomes, in the order of the starts. Raises `SandboxError`."""
        for job in self._jobs:
            job.close()
        return [job.finish() for job in self._jobs]

    def __enter__(self) -> "Turns":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for job in self._jobs:
            job.close()
        # After an interrupt nobody waits for a child that doesn't answer: whoever closes the sandbox ends it.
        self._threads.shutdown(wait=error is None or isinstance(error, Exception))
