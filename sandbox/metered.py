"""Counts what a few jobs cost together, where they are run by functions that don't say."""

from dataclasses import dataclass

from archgraft.sandbox.protocol import Job, Limits, Outcome, Respond, Sandbox


@dataclass
class Metered:
    """Another sandbox, with the CPU time of the jobs that went through here. For one thread."""

    sandbox: Sandbox
    cpu_seconds: float = 0.0

    @property
    def tier(self) -> str:
        """As the other says."""
        return self.sandbox.tier

    def run(self, job: Job, limits: Limits, respond: Respond | None = None) -> Outcome:
        """Run a job there, and count it."""
        outcome = self.sandbox.run(job, limits, respond)
        self.cpu_seconds += outcome.cpu_seconds
        return outcome

    def close(self) -> None:
        """Close the other."""
        self.sandbox.close()
