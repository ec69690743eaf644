"""A program for a test to kill: a sandbox with one endless job, whose processes bear the mark given."""

import sys

from archgraft.sandbox.protocol import Job, Limits, Message
from archgraft.sandbox.supervisor import LocalSandbox

job = Job(
    "archgraft.sandbox.conformance_jobs:sleep_with_descendants",
    Message({"mark": sys.argv[1], "then": "spin"}),
    forks=True,
)
LocalSandbox(training=False).run(job, Limits(wall_seconds=600.0, cpu_seconds=600.0))
