"""Which layers a zygote's children put on here, found out by trying each in a throwaway process."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from archgraft.sandbox.installation import installation
from archgraft.sandbox.layers import (
    bubblewrap,
    compiling,
    control_group,
    granted_paths,
    identity,
    kernel,
    landlock,
    seccomp,
)
from archgraft.sandbox.layers.call_policy import Needs
from archgraft.sandbox.layers.namespaces import (
    INSIDE_BUBBLEWRAP,
    NETWORK_ONLY,
    NEW_USER,
    WHOLE,
    World,
    enter,
    enter_new,
    works_in_throwaway,
)

Layer = Literal["namespaces", "own namespaces", "landlock", "seccomp", "identity", "control groups"]
"""What can be left out, to see what the others hold; without `own namespaces`, bubblewrap is to make them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What every child of this zygote does to itself."""

    world: World
    landlock_abi: int
    seccomp: bool
    own_identity: bool
    """Each job is a user of its own; only root can do that."""
    own_user_namespace: bool
    """Each job has a user namespace of its own, where its threads are counted for it alone; for ordinary users."""
    control_groups: bool
    """Each job has a control group of its own."""
    compiling: compiling.Compiling

    def needs(self, *, forks: bool, programs: bool) -> Needs:
        """What a job's policy on system calls depends on."""
        return Needs(
            refuse_truncation=not self.world.has_mounts and self.landlock_abi < landlock.TRUNCATE_ABI,
            refuse_shared_memory=not granted_paths.gpu_devices(),  # a GPU's driver may want some
            forks=forks,
            programs=programs,
            may_signal=self.own_identity or self.world.init_pid is not None or self.landlock_abi >= landlock.SCOPE_ABI,
        )

    @property
    def limits_whole_jobs(self) -> bool:
        """Whether the kernel's limit on a process's data limits a job, too, if it has one process: no other memory can
        be had.
        """
        return self.seccomp and not granted_paths.gpu_devices()

    @property
    def counts_tasks(self) -> bool:
        """Whether threads are counted for each job alone."""
        return self.own_identity or self.own_user_namespace


def make_plan(without: Collection[str], restart: Sequence[str], trial_group: Sequence[int], *, wrapped: bool) -> Plan:
    """Enter the namespaces, and find out what else works. Call with one thread.

    `without` names layers to leave out. Where only bubblewrap can make namespaces, this process becomes bubblewrap with
    the command `restart` inside; `wrapped` says that this is inside already. `trial_group` are descriptors by which to
    join a control group that is there to be tried out.
    """
    world = World() if "namespaces" in without else _enter_world(without, restart, wrapped=wrapped)
    granted_paths.common_grants()  # looked up once, before the first fork
    version = 0 if "landlock" in without else landlock.abi()
    if version and not works_in_throwaway(lambda: _restrict_files(version)):
        version = 0
    bare = Plan(world, version, False, False, False, False, compiling.Compiling())
    filters = (
        "seccomp" not in without
        and seccomp.is_known_machine()
        and works_in_throwaway(lambda: filter_calls(bare, forks=False, programs=False))
    )
    own_identity = "identity" not in without and os.getuid() == 0 and works_in_throwaway(_become_somebody)
    apart = "namespaces" not in without and os.getuid() != 0 and works_in_throwaway(lambda: enter_new(NEW_USER))
    grouped = control_group.holds_here(trial_group)
    compiles = compiling.examine(confined=world.has_mounts and version > 0 and filters)
    plan = Plan(world, version, filters, own_identity, apart, grouped, compiles)
    if filters:
        for forks, programs in ((False, False), (True, False), (True, True)):
            seccomp.template(plan.needs(forks=forks, programs=programs))  # assembled before the first fork
    return plan


def _enter_world(without: Collection[str], restart: Sequence[str], *, wrapped: bool) -> World:
    if wrapped:
        return enter(INSIDE_BUBBLEWRAP) or World()
    entered = None if "own namespaces" in without else enter(WHOLE)
    if entered is None and bubblewrap.works():
        bubblewrap.restart_inside(restart)
    return entered or enter(NETWORK_ONLY) or World()


def filter_calls(plan: Plan, *, forks: bool, programs: bool) -> None:
    """Put the policy on system calls on this process."""
    kernel.call("prctl", kernel.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    seccomp.install(plan.needs(forks=forks, programs=programs))


def _restrict_files(version: int) -> None:
    kernel.call("prctl", kernel.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    landlock.restrict(landlock.ruleset(version, granted_paths.grants_for(Path(os.devnull), [], programs=False)))


def _become_somebody() -> None:
    identity.become(identity.own_uid_for(os.getpid()), installation())
    identity.look_into(installation())
