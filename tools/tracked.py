"""Which files belong to this repository: those that git tracks."""

import subprocess
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent


def tracked(folder: Path = ROOT) -> list[Path]:
    """Return the files below a folder of the repository, sorted.

    A copy without git's own folder, such as an unpacked download, has every file that
    .gitignore lets in. Raises OSError if git is missing or cannot read the repository.
    """
    return [file for file in whole_tree() if file.is_relative_to(folder)]


@cache
def whole_tree() -> list[Path]:
    if not (ROOT / ".git").exists():
        return sorted(walk(ROOT, ignored()))
    done = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, text=True
    )
    if done.returncode:
        raise OSError(f"git ls-files failed: {done.stderr.strip()}")
    # A file in conflict is listed once for each side.
    files = {ROOT / name for name in done.stdout.split("\0") if name}
    return sorted(file for file in files if file.exists())


def ignored() -> list[str]:
    """Return the patterns of the repository's .gitignore files.

    They hold names and paths from the top only, no other of git's syntax.
    """
    texts = [
        file.read_text() for file in (ROOT / ".gitignore", ROOT / "example/.gitignore")
    ]
    lines = [line for text in texts for line in text.splitlines()]
    return [line.rstrip("/") for line in lines if line and not line.startswith("#")]


def walk(folder: Path, patterns: list[str]):
    for each in folder.iterdir():
        path = f"/{each.relative_to(ROOT).as_posix()}"
        if any(fnmatch(each.name, one) or path == one for one in patterns):
            continue
        if each.is_dir():
            yield from walk(each, patterns)
        else:
            yield each
