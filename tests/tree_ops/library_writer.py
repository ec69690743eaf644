"""Writes modules into a library one by one, and says so after each: a process to run beside others, or to kill.

Arguments: library, letter that tells this writer's modules from others', number of modules, and how many bytes a file
may have (0: as many as it likes).
"""

import resource
import sys
from pathlib import Path

from archgraft.tree_ops.errors import LibraryError
from archgraft.tree_ops.library import Library
from tests.tree_ops.test_library import CONTRACT, spec


def main(path: str, letter: str, n_modules: str, max_bytes: str) -> int:
    if int(max_bytes):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(max_bytes), int(max_bytes)))
    try:
        with Library(Path(path), create=True) as library:
            for number in range(int(n_modules)):
                library.add(spec(f"{letter}{number:015x}", f"Block{letter}{number}"), CONTRACT)
                print(number, flush=True)
    except LibraryError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
