"""The build: git's pre-receive hook of an app's repository.

git runs `python -S -m rehearsal.heroku.hook` with the pushed references on standard
input; what it prints becomes the `remote:` lines, and a non-zero exit declines the push
(https://git-scm.com/docs/githooks#pre-receive). Without the installed packages (-S) it
starts in no time. It inherits a socket to the platform (see builds.Builds): one line of
JSON comes with the order, one goes with the slug, and then come the lines to print.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TextIO

from docs._extensions.facts import FACTS
from rehearsal.heroku.buildpack import CannotPlay, Refused, build, note

CHANNEL = "BUILD_CHANNEL"  # the environment variable with the socket's number

BRANCHES = [f"refs/heads/{FACTS[name].value}" for name in ("branch", "other-branch")]


def unpack(commit: str, folder: Path):
    """git archive works on objects that are still in the hook's quarantine."""
    archive = subprocess.Popen(["git", "archive", commit], stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x", "-C", folder], stdin=archive.stdout, check=True)
    if archive.wait():
        raise Refused("git could not read the commit.")


def receive(commit: str, channel: TextIO) -> int:
    """Build a commit as the order says; return the exit status of the hook.

    Ends when the platform has closed the channel, so when it has done its part.
    """
    order = json.loads(channel.readline())
    order["environment"]["SOURCE_VERSION"] = commit
    source = Path(tempfile.mkdtemp(prefix="build_", dir=order["folder"]))
    status = 0
    try:
        unpack(commit, source)
        for name in list(os.environ):
            if name.startswith("GIT_") or name == "PYTHONPATH":
                del os.environ[name]
        print("Building source:\n", flush=True)
        built = build(source, order) | {"source": str(source), "commit": commit}
    except Refused as refused:
        note(str(refused))
        print(" !     Push rejected, failed to compile Python app.\n", flush=True)
        print(" !     Push failed", flush=True)
        shutil.rmtree(source)
        cannot_play = isinstance(refused, CannotPlay)
        built, status = {"refused": str(refused), "cannot_play": cannot_play}, 1
    channel.write(json.dumps(built) + "\n")
    channel.flush()
    for line in channel:
        print(line.rstrip("\n"), flush=True)
    return status


def main():
    builds = []
    for line in sys.stdin.read().splitlines():
        old, commit, ref = line.split()
        if ref not in BRANCHES:
            print(f"Pushed to a branch that Heroku does not build: {ref}", flush=True)
            continue
        if set(commit) == {"0"}:
            print(" !     The branch that runs cannot be deleted.", flush=True)
            sys.exit(1)
        now = subprocess.run(
            ["git", "rev-parse", "--quiet", "--verify", ref],
            capture_output=True,
            text=True,
        ).stdout.strip()
        if now != (old if set(old) != {"0"} else ""):
            print(" !     Another push came first: fetch it, then push again.")
            sys.exit(1)
        builds.append(commit)
    if len(builds) > 1:
        print(" !     The stand-in builds one branch of a push.", flush=True)
        sys.exit(1)
    if builds:
        inherited = socket.socket(fileno=int(os.environ[CHANNEL]))
        sys.exit(receive(builds[0], inherited.makefile("rw", encoding="utf-8")))


if __name__ == "__main__":
    main()
