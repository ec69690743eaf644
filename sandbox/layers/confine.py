"""Puts every layer on, in the one order that works. Runs in the forked child, before it reads any foreign code."""

from dataclasses import dataclass
from pathlib import Path

from archgraft.sandbox.installation import installation, is_folder
from archgraft.sandbox.layers import granted_paths, identity, kernel, landlock
from archgraft.sandbox.layers.namespaces import NEW_USER, enter_new
from archgraft.sandbox.layers.plan import Plan, filter_calls
from archgraft.sandbox.layers.resource_limits import limit_resources


@dataclass(frozen=True)
class Assignment:
    """What the zygote is told about a job before it forks."""

    job: int
    scratch: Path
    readable: tuple[Path, ...]
    forks: bool
    """Whether the job may start processes of its own."""
    compiles: bool
    """Whether these may be programs of the system, a compiler above all."""
    cpu_seconds: float
    memory_bytes: int
    file_bytes: int
    n_threads: int


def confine(plan: Plan, uid: int | None, parent_pid: int, rules: int | None, assignment: Assignment) -> None:
    """Confine this process for good. Raises `OSError` when a layer that the plan promises can't be put on.

    `rules` is the descriptor of a Landlock ruleset, made before the fork, to which only what is this process's own is
    still to be added.
    """
    if rules is not None:
        landlock.add(rules, plan.landlock_abi, granted_paths.own_process_grant())
    limit_resources(assignment.cpu_seconds, assignment.memory_bytes, assignment.file_bytes, tasks=plan.counts_tasks)
    if plan.own_user_namespace:
        enter_new(NEW_USER)
    folders = [*installation(), *filter(is_folder, assignment.readable)]
    identity.become(uid, folders, programs=assignment.compiles)
    kernel.die_with_parent(parent_pid)  # a change of user or capabilities would have cleared it
    kernel.call("prctl", kernel.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if rules is not None:
        landlock.restrict(rules)
    if plan.seccomp:  # last: it refuses the calls that put on the others
        filter_calls(plan, forks=assignment.forks, programs=assignment.compiles)
