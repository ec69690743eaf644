"""Git repositories on disk as sources: `git+PATH@REVISION`, read out of the object store into the cache.

Blobs are taken as they are stored. Nothing is checked out, so that the work tree and the index stay as they are and no
hook, filter or other command of the repository's configuration is run; nothing is fetched from anywhere either.
"""

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.near_names import expanded, near_names, near_paths
from archgraft.tree_ops.source_roots import root_of_path
from archgraft.tree_ops.sources import SourceRoot
from archgraft.tree_ops.unpacking import Unpacking, is_wanted, kept

GIT_PREFIX = "git+"
GIT_SECONDS = 300
_N_NAMED = 8
_SAID_CHARACTERS = 400
_FILE_MODES = ("100644", "100755")
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",  # a partial clone must not fetch, over whatever its configuration names
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


@dataclass(frozen=True, slots=True)
class _Repository:
    """The repository at a path: a work tree, a folder in one, or a bare repository."""

    path: Path

    def run(self, *arguments: str, stdin: IO[bytes] | None = None) -> "subprocess.CompletedProcess[bytes]":
        """Run a git command to its end. Raises `SourceError` when there is no git."""
        with self.start(*arguments, stdin=stdin) as process:
            try:
                output, errors = process.communicate(timeout=GIT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise SourceError(f"git did not answer within {GIT_SECONDS} s about {self.path}") from None
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)

    def start(self, *arguments: str, stdin: IO[bytes] | None = None) -> "subprocess.Popen[bytes]":
        kept_environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        is_bare = (self.path / "HEAD").is_file() and (self.path / "objects").is_dir()
        place = [f"--git-dir={self.path}"] if is_bare else ["-C", str(self.path)]
        try:
            return subprocess.Popen(
                ["git", *place, "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", *arguments],
                stdin=subprocess.DEVNULL if stdin is None else stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**kept_environment, **_ENVIRONMENT},
            )
        except FileNotFoundError:
            raise SourceError(
                f"git is needed to read {self.path}, and it isn't installed: install it, or give a folder instead"
            ) from None

    def text(self, *arguments: str) -> str:
        """What a command prints. Raises `SourceError` with git's own words when it fails."""
        done = self.run(*arguments)
        if done.returncode:
            raise SourceError(f"git can't read {self.path}: {_said(done.stderr)}")
        return done.stdout.decode("utf-8", "replace").strip()


def from_git(source: str, cache: Path) -> SourceRoot:
    """The code of a commit, by whatever name git knows it; its version is the commit's id. Raises `SourceError`."""
    path, revision = _split(source.removeprefix(GIT_PREFIX))
    if not path.is_dir():
        if "://" in source:
            raise SourceError(
                f"{source}: only repositories on this machine are read; clone it, and give the clone's path"
            )
        raise SourceError(f"there is no repository at {path}{near_paths(path)}")
    repository = _Repository(path.resolve())
    inside = repository.text("rev-parse", "--show-prefix")
    commit = _commit(repository, revision)
    name = repository.path.name.removesuffix(".git") or "repository"
    key = f"{commit}-{hashlib.sha256(f'{name}/{inside}'.encode()).hexdigest()[:8]}"
    place = kept(cache / "git" / key, lambda fresh: _export(repository, commit, inside, fresh / name))
    folder = place / name / inside
    if not folder.is_dir() or next(folder.rglob("*.py"), None) is None:
        raise SourceError(f"there is no Python file in {source} at commit {commit}")
    return root_of_path(f"{GIT_PREFIX}{path}", commit, folder)


def _split(place: str) -> tuple[Path, str]:
    """The path and the revision of `PATH@REVISION`; both may hold an @, and HEAD is what none means."""
    ends = [number for number, character in enumerate(place) if character == "@"]
    for end in (len(place), *ends):
        path = expanded(place[:end])
        if path.is_dir():
            return path, place[end + 1 :] or "HEAD"
    return expanded(place[: ends[-1]] if ends else place), "HEAD"


def _commit(repository: _Repository, revision: str) -> str:
    done = repository.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if not done.returncode:
        return done.stdout.decode().strip()
    refs = repository.text("for-each-ref", "--sort=-creatordate", "--format=%(refname:short)").splitlines()
    if near := near_names(revision, refs):
        hint = f"near it are {', '.join(near)}"
    elif refs:
        hint = f"its branches and tags are {', '.join(refs[:_N_NAMED])}{', ...' if refs[_N_NAMED:] else ''}"
    else:
        hint = "it has no commit yet"
    raise SourceError(f"{repository.path} has no commit, branch or tag {revision}: {hint}")


def _export(repository: _Repository, commit: str, inside: str, folder: Path) -> None:
    """Write the commit's Python files below `inside`, and all that says how they are licensed."""
    wanted = [(blob, name) for blob, name in _blobs(repository, commit) if _belongs(name, inside) and is_wanted(name)]
    unpacking = Unpacking(f"commit {commit}", folder)
    folder.mkdir(parents=True)
    with tempfile.TemporaryFile() as request:
        request.write("".join(f"{blob}\n" for blob, _ in wanted).encode())
        request.seek(0)
        with repository.start("cat-file", "--batch", stdin=request) as process:
            assert process.stdout is not None
            try:
                for blob, name in wanted:
                    _write_blob(process.stdout, blob, name, unpacking)
            finally:
                process.kill()


def _belongs(name: str, inside: str) -> bool:
    """Whether a path is below the folder asked for, or a file beside or above it: a licence may stand there."""
    return name.startswith(inside) or (inside.startswith(name.rpartition("/")[0]) and not name.endswith(".py"))


def _blobs(repository: _Repository, commit: str) -> Iterator[tuple[str, str]]:
    """All regular files of a commit: links, and other repositories in it, are left out."""
    listed = repository.run("ls-tree", "-r", "-z", "--full-tree", commit)
    if listed.returncode:
        raise SourceError(f"git can't read {repository.path}: {_said(listed.stderr)}")
    for line in listed.stdout.split(b"\0"):
        described, _, name = line.partition(b"\t")
        if described.split(b" ")[0].decode() in _FILE_MODES:
            yield described.split(b" ")[2].decode(), os.fsdecode(name)


def _write_blob(output: IO[bytes], blob: str, name: str, unpacking: Unpacking) -> None:
    described = output.readline().decode().split()
    if len(described) != 3 or described[0] != blob:
        raise SourceError(
            f"{name} of {unpacking.label} is not in the repository: a partial clone, perhaps; `git fetch` brings it in"
        )
    n_bytes = int(described[2])
    unpacking.count(n_bytes)
    unpacking.write(name, n_bytes, output)
    output.read(1)


def _said(errors: bytes) -> str:
    return " ".join(errors.decode("utf-8", "replace").split())[:_SAID_CHARACTERS] or "no reason given"
