"""What is made once in a checkout: by one process at a time, and whole or not at all.

Only the standard library is needed, and an old Python can still read it.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# What a folder was made from, kept in it.
MADE_FROM = "made-from.txt"


@contextmanager
def alone(lock: Path) -> Iterator[int]:
    """Keep other processes out of the block; yields the descriptor that holds the lock.

    Whoever is given the descriptor keeps them out until it ends too, so that a child
    that outlives its killed parent is waited for.
    https://man7.org/linux/man-pages/man2/flock.2.html
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"Waiting for another process to end ({lock})", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def make_once(folder: Path, made_from: str, fill: Callable[[Path], None]) -> None:
    """Have `fill` fill a folder, unless it was made from the same before.

    It works beside the folder, which gets its name when it is complete; what an
    interrupted run left there is removed. Call it with a lock held.
    """
    folder = folder.resolve()
    note = folder / MADE_FROM
    if note.exists() and note.read_text() == made_from:
        return
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        fill(part)
        (part / MADE_FROM).write_text(made_from)
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def main() -> int:
    """Run a command with a lock held: python -m tools.once LOCK COMMAND."""
    lock, *command = sys.argv[1:]
    try:
        with alone(Path(lock)) as held:
            return subprocess.run(command, pass_fds=(held,)).returncode
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
