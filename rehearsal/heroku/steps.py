"""What the steps of a build have in common: lines, refusals, programs, a memory.

They are those of the Python buildpack, v351 of 2026-08-18 (below: BP):
https://github.com/heroku/heroku-buildpack-python. Only the standard library is
imported: git's hook runs this without this project's packages.
"""

import json
import os
import subprocess
from collections import deque
from pathlib import Path

# Config vars that the buildpack keeps from the app's own programs:
# https://github.com/heroku/heroku-buildpack-python/pull/1565
KEPT_BACK = {"LD_LIBRARY_PATH", "PYTHONHOME"}


class Refused(Exception):
    """A build that Heroku does not go on with; its text is for the reader."""


class CannotPlay(Refused):
    """A build that Heroku may well go on with, but the stand-in cannot."""


def step(text: str):
    print(f"-----> {text}", flush=True)


def indent(text: str):
    print(f"       {text}", flush=True)


def note(text: str):
    """Print a warning or an error, as the platform marks them."""
    print(flush=True)
    for line in text.splitlines():
        print(f" !     {line}".rstrip(), flush=True)
    print(flush=True)


def refuse(first_line: str, explanation: str):
    raise Refused(f"Error: {first_line}\n\n{explanation}")


LAST_LINES = 5  # of a command that failed


def run(
    command: list, environment: dict, source: Path, kept: int | None = LAST_LINES
) -> tuple[int, str]:
    """Run a command, its output indented line by line.

    Returns its exit status and its last lines, as many as are `kept`; None: all.
    """
    process = subprocess.Popen(
        command,
        cwd=source,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    ending = deque(maxlen=kept)
    for line in process.stdout:
        if line.strip():
            indent(line.rstrip())
            ending.append(line.rstrip())
    return process.wait(), "\n".join(ending)


def variables(source: Path, order: dict) -> dict[str, str]:
    """Return what the app's own programs see in the build.

    BP bin/utils, sub_env: the config vars, and over them what would break the build.
    """
    config = order.get("config", {})
    return {
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        **{name: config[name] for name in config.keys() - KEPT_BACK},
        **order.get("environment", {}),
        "BUILD_DIR": str(source),
        "CACHE_DIR": str(order.get("cache", source)),
        "HOME": str(source),
        "PATH": os.environ["PATH"],
    }


def run_hook(source: Path, name: str, environment: dict):
    """BP lib/hooks.sh: the app's own bin/pre_compile or bin/post_compile."""
    script = source / "bin" / name
    if not script.is_file():
        return
    step(f"Running bin/{name} hook")
    script.chmod(script.stat().st_mode | 0o111)
    # bash also runs a script that does not begin with #!
    status, ending = run(["bash", "-c", f"bin/{name}"], environment, source)
    if status:
        refuse(
            f"Failed to run the bin/{name} script.",
            f"It ended with exit status {status}. Its last lines:\n\n"
            f"{ending or '(nothing)'}",
        )


def last_build(cache: Path | None) -> dict:
    """Return what the app's last build was made of; empty if there was none."""
    memory = cache and Path(cache, "build.json")
    return json.loads(memory.read_text()) if memory and memory.exists() else {}


def remember_build(cache: Path, made: dict):
    """Keep for `last_build`: stack, python (N.N.N), package manager, requirements."""
    (cache / "build.json").write_text(json.dumps(made))
