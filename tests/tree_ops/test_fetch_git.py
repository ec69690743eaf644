"""Commits of repositories on disk are sources; the repository stays as it is, and nothing of it is run."""

import subprocess
from pathlib import Path

import pytest

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.fetch import resolve
from archgraft.tree_ops.index import SourceIndex

OLD = "from torch import nn\n\n\nclass Old(nn.Module): ...\n"
NEW = "from torch import nn\n\n\nclass New(nn.Module): ...\n"


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "init.defaultBranch=main"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits: `Old` under the tag v1.0, `New` on main."""
    folder = tmp_path / "little-nets"
    (folder / "nets" / "deep").mkdir(parents=True)
    git(folder, "init", "-q")
    (folder / "LICENSE").write_text("MIT License\n")
    (folder / "nets" / "__init__.py").write_text("")
    (folder / "nets" / "deep" / "net.py").write_text(OLD)
    (folder / "run.py").write_text("from nets.deep.net import Old\n")
    (folder / "weights.bin").write_text("not code")
    (folder / "link.py").symlink_to("/etc/passwd")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "Old")
    git(folder, "tag", "v1.0")
    (folder / "nets" / "deep" / "net.py").write_text(NEW)
    git(folder, "commit", "-q", "-am", "New")
    return folder


def classes(source: str, cache: Path) -> list[str]:
    found = SourceIndex.build([resolve(source, cache)]).module_classes()
    return [f"{one.module}.{one.name}" for one in found]


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_a_commit_is_mined_whatever_lies_in_the_work_tree(repository: Path, tmp_path: Path) -> None:
    commit = git(repository, "rev-parse", "v1.0")
    (repository / "nets" / "deep" / "net.py").write_text("half-finished (")
    before = state(repository)
    for revision in ("v1.0", commit, commit[:9], "HEAD~1", "main^", "main@{0}~1"):
        assert classes(f"git+{repository}@{revision}", tmp_path / "cache") == ["nets.deep.net.Old"], revision
    root = resolve(f"git+{repository}@v1.0", tmp_path / "cache")
    assert (root.name, root.version, root.licence) == (f"git+{repository}", commit, "MIT")
    assert sorted(path.name for path in root.folder.rglob("*.py")) == ["__init__.py", "net.py", "run.py"]
    assert state(repository) == before


def test_without_a_revision_the_commit_that_is_checked_out_is_taken(repository: Path, tmp_path: Path) -> None:
    for source in (f"git+{repository}", f"git+{repository}@"):
        assert classes(source, tmp_path / "cache") == ["nets.deep.net.New"]


def test_a_bare_repository_is_a_source(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(repository), "bare.git")
    assert classes(f"git+{tmp_path / 'bare.git'}@v1.0", tmp_path / "cache") == ["nets.deep.net.Old"]
    assert classes(f"git+{repository / '.git'}@v1.0", tmp_path / "cache") == ["nets.deep.net.Old"]


def test_a_folder_of_a_repository_is_a_source_under_the_repositorys_licence(repository: Path, tmp_path: Path) -> None:
    root = resolve(f"git+{repository / 'nets'}@v1.0", tmp_path / "cache")
    assert (root.package, root.licence) == ("nets", "MIT")
    assert [f.module for f in SourceIndex.build([root]).module_classes()] == ["nets.deep.net"]
    assert list(root.folder.parent.rglob("run.py")) == []


def test_paths_and_revisions_may_hold_an_at_sign(repository: Path, tmp_path: Path) -> None:
    moved = repository.rename(tmp_path / "nets@home")
    git(moved, "tag", "release@1", "v1.0")
    assert classes(f"git+{moved}@release@1", tmp_path / "cache") == ["nets.deep.net.Old"]
    assert classes(f"git+{moved}", tmp_path / "cache") == ["nets.deep.net.New"]


def test_a_revision_that_is_not_there_is_answered_with_what_is(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no commit, branch or tag v1\.1: near it are v1\.0"):
        resolve(f"git+{repository}@v1.1", tmp_path)
    with pytest.raises(SourceError, match=r"its branches and tags are .*main"):
        resolve(f"git+{repository}@something-else", tmp_path)
    with pytest.raises(SourceError, match="no commit, branch or tag --upload-pack=touch"):
        resolve(f"git+{repository}@--upload-pack=touch", tmp_path)
    git(tmp_path, "init", "-q", "empty")
    with pytest.raises(SourceError, match="it has no commit yet"):
        resolve(f"git+{tmp_path / 'empty'}", tmp_path)


def test_what_is_no_repository_is_said(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "plain").mkdir()
    with pytest.raises(SourceError, match="not a git repository"):
        resolve(f"git+{tmp_path / 'plain'}", tmp_path)
    with pytest.raises(SourceError, match=r"no repository at .*little-netz: near it is .*little-nets"):
        resolve(f"git+{tmp_path / 'little-netz'}@v1.0", tmp_path)
    with pytest.raises(SourceError, match="clone it"):
        resolve("git+https://example.org/nets.git@v1.0", tmp_path)


def test_without_git_the_message_says_so(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="git is needed"):
        resolve(f"git+{repository}@v1.0", tmp_path)


def test_nothing_that_the_repository_configures_is_run(repository: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path / 'sprung'}\ncat\n")
    trap.chmod(0o755)
    (repository / ".gitattributes").write_text("*.py filter=trap diff=trap ident export-subst\n")
    git(repository, "add", ".gitattributes")
    git(repository, "commit", "-q", "-m", "Attributes")
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        (repository / ".git" / "hooks" / hook).write_text(trap.read_text())
        (repository / ".git" / "hooks" / hook).chmod(0o755)
    for setting in ("filter.trap.smudge", "filter.trap.clean", "filter.trap.process", "diff.trap.textconv"):
        git(repository, "config", setting, str(trap))
    for setting in ("core.fsmonitor", "core.pager", "core.sshCommand", "uploadpack.packObjectsHook", "gpg.program"):
        git(repository, "config", setting, str(trap))
    assert classes(f"git+{repository}@HEAD", tmp_path / "cache") == ["nets.deep.net.New"]
    assert not (tmp_path / "sprung").exists()
    git(repository, "archive", "--output", str(tmp_path / "archive.tar"), "HEAD")
    assert (tmp_path / "sprung").exists(), "the trap would not have caught anything"


def test_a_partial_clone_fetches_nothing(repository: Path, tmp_path: Path) -> None:
    for setting in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
        git(repository, "config", setting, "true")
    git(tmp_path, "clone", "-q", "--bare", "--filter=blob:none", f"file://{repository}", "partial.git")
    with pytest.raises(SourceError, match="git fetch"):
        resolve(f"git+{tmp_path / 'partial.git'}@v1.0", tmp_path / "cache")
    assert list((tmp_path / "cache" / "git").iterdir()) == []
    assert "class Old" in git(tmp_path / "partial.git", "show", "v1.0:nets/deep/net.py"), (
        "nothing was kept from fetching"
    )


def test_the_callers_own_git_variables_mean_nothing(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "no-index"))
    assert classes(f"git+{repository}@v1.0", tmp_path / "cache") == ["nets.deep.net.Old"]


def test_a_commit_without_python_is_refused(repository: Path, tmp_path: Path) -> None:
    git(repository, "rm", "-q", "-r", "nets", "run.py", "link.py")
    git(repository, "commit", "-q", "-m", "Empty")
    for _ in range(2):
        with pytest.raises(SourceError, match="no Python file"):
            resolve(f"git+{repository}", tmp_path / "cache")
