"""The kernel's Landlock: a process gives up every file but those that it is granted. Needs no privilege (Linux 5.13).

Which rights and scopes a kernel knows depends on its ABI; numbers from linux/landlock.h. What is granted is named by
open descriptors, so that no path can be exchanged between its check and its use.
"""

import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntFlag
from pathlib import Path

from archgraft.sandbox.layers import kernel

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ASK_VERSION = 1
RULE_PATH_BENEATH = 1
NET_BIND_TCP, NET_CONNECT_TCP = 1, 2
SCOPE_ABSTRACT_SOCKETS, SCOPE_SIGNALS = 1, 2


class Right(IntFlag):
    """What may be done with files beneath a granted folder."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEVICE = 1 << 15


NEW_IN_ABI = {2: Right.REFER, 3: Right.TRUNCATE, 5: Right.IOCTL_DEVICE}
TRUNCATE_ABI, NETWORK_ABI, SCOPE_ABI = 3, 4, 6
READ = Right.READ_FILE | Right.READ_DIR
SCRATCH = (
    READ
    | Right.WRITE_FILE
    | Right.TRUNCATE
    | Right.MAKE_DIR
    | Right.MAKE_REG
    | Right.REMOVE_DIR
    | Right.REMOVE_FILE
    | Right.REFER
)
DEVICE = Right.READ_FILE | Right.WRITE_FILE | Right.IOCTL_DEVICE
ON_FILES = Right.EXECUTE | Right.WRITE_FILE | Right.READ_FILE | Right.TRUNCATE | Right.IOCTL_DEVICE
"""The rights that a rule about one file, rather than a folder, may hold."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A folder or file that stays open to a confined process."""

    path: Path
    rights: Right


def abi() -> int:
    """The version of Landlock that this kernel runs; 0 when it has none or doesn't enforce it."""
    try:
        return kernel.system_call("landlock_create_ruleset", CREATE_RULESET, None, 0, ASK_VERSION)
    except OSError:
        return 0


def handled_rights(version: int) -> Right:
    """All rights on files that an ABI knows: what is handled and not granted is refused."""
    known = Right.MAKE_SYM * 2 - 1  # the thirteen of ABI 1
    for since, right in NEW_IN_ABI.items():
        if version >= since:
            known |= right
    return Right(known)


def ruleset(version: int, grants: Iterable[Grant]) -> int:
    """A descriptor of rules that grant these paths and nothing else. What doesn't exist is left out. Raises
    `OSError`.
    """
    handled = handled_rights(version)
    network = NET_BIND_TCP | NET_CONNECT_TCP if version >= NETWORK_ABI else 0
    scopes = SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS if version >= SCOPE_ABI else 0
    words = (handled, network, scopes)[: 1 + (version >= NETWORK_ABI) + (version >= SCOPE_ABI)]
    attributes = struct.pack(f"={len(words)}Q", *words)
    rules = kernel.system_call("landlock_create_ruleset", CREATE_RULESET, attributes, len(attributes), 0)
    try:
        for grant in grants:
            add(rules, version, grant)
    except BaseException:
        os.close(rules)
        raise
    return rules


def add(rules: int, version: int, grant: Grant) -> None:
    """Grant one path more; one that doesn't exist is left out. Raises `OSError`."""
    try:
        descriptor = os.open(grant.path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return  # not there, or not for this user: nothing to grant
    try:
        rights = grant.rights & handled_rights(version)
        if not os.path.isdir(f"/proc/self/fd/{descriptor}"):  # noqa: PTH112 - a Path costs more than the call
            rights &= ON_FILES
        rule = struct.pack("=Qi", rights, descriptor)
        kernel.system_call("landlock_add_rule", ADD_RULE, rules, RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(descriptor)


def restrict(rules: int) -> None:
    """Put the rules on this process, for good, and close their descriptor. No-new-privileges must be set."""
    try:
        kernel.system_call("landlock_restrict_self", RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)
