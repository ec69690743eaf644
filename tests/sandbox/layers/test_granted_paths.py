import os
import pwd
import sys
from pathlib import Path

import pytest

from archgraft.sandbox.installation import installation, is_folder
from archgraft.sandbox.layers import granted_paths
from archgraft.sandbox.layers.landlock import READ, SCRATCH, Right


@pytest.fixture(autouse=True)
def looked_up_anew() -> None:
    installation.cache_clear()
    granted_paths.common_grants.cache_clear()


def is_granted(path: Path) -> bool:
    return any(path.resolve().is_relative_to(grant.path) for grant in granted_paths.common_grants())


def test_python_its_packages_and_ours_can_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    assert is_granted(tmp_path)
    assert all(is_granted(Path(path)) for path in (sys.prefix, sys.base_prefix, os.__file__, pytest.__file__))
    assert is_granted(Path(granted_paths.__file__))


def test_a_home_is_never_granted_whatever_the_search_path_says(monkeypatch: pytest.MonkeyPatch) -> None:
    home = Path(pwd.getpwuid(os.getuid()).pw_dir).resolve()
    for folder in (home, home.parent, Path("/")):
        monkeypatch.syspath_prepend(str(folder))
    assert not is_granted(home / ".ssh" / "id_ed25519")
    assert not is_granted(Path("/etc/shadow"))


def test_a_job_may_write_to_its_scratch_alone(tmp_path: Path) -> None:
    grants = granted_paths.grants_for(tmp_path / "scratch", [tmp_path / "source"], programs=False)
    writable = [grant.path for grant in grants if grant.rights & Right.MAKE_REG]
    assert writable == [tmp_path / "scratch"]
    assert {grant.path: grant.rights for grant in grants}[tmp_path / "source"] == READ
    assert not SCRATCH & Right.EXECUTE


def test_only_a_job_that_may_compile_starts_programs_and_none_that_it_could_write(tmp_path: Path) -> None:
    plain, compiling = (granted_paths.grants_for(tmp_path, [], programs=programs) for programs in (False, True))
    assert not any(grant.rights & Right.EXECUTE for grant in plain)
    executable = [grant for grant in compiling if grant.rights & Right.EXECUTE]
    assert Path("/usr/bin") in [grant.path for grant in executable]
    assert not any(grant.rights & (Right.WRITE_FILE | Right.MAKE_REG) for grant in executable)


def test_what_this_user_may_not_see_is_no_folder(tmp_path: Path) -> None:
    assert is_folder(tmp_path)
    assert not is_folder(tmp_path / "missing")
