"""Dotted paths of nodes: `layer1.0.conv`; the root's is empty."""


def joined(*parts: str) -> str:
    """Paths put one below the other; empty parts count as nothing."""
    return ".".join(part for part in parts if part)


def within(path: str, root: str) -> bool:
    """Whether a path is `root` or lies below it; everything lies below ""."""
    return root == "" or path == root or path.startswith(f"{root}.")


def below(path: str, root: str) -> str:
    """A path that lies within `root`, relative to it."""
    return path[len(root) :].lstrip(".")


def named(path: str) -> str:
    """A path as messages write it."""
    return path or "the root"
