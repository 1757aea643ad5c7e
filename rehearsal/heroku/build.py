"""The build: git's pre-receive hook of an app's repository.

git runs `python -S -m rehearsal.heroku.build ADDRESS APP FOLDER` with the pushed
references on standard input; what it prints becomes the `remote:` lines, and a non-zero
exit declines the push (https://git-scm.com/docs/githooks#pre-receive). Without the
installed packages (-S) it starts in no time.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from rehearsal.heroku.buildpack import Refused, build, note

# DC: https://devcenter.heroku.com/articles/git#deploy-from-a-branch-besides-main
BRANCHES = ["refs/heads/main", "refs/heads/master"]


def ask(url: str, body: dict | None = None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data, headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(request)


def unpack(commit: str, folder: Path):
    """git archive works on objects that are still in the hook's quarantine."""
    archive = subprocess.Popen(["git", "archive", commit], stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x", "-C", folder], stdin=archive.stdout, check=True)
    if archive.wait():
        raise Refused("git could not read the commit.")


def receive(commit: str, address: str, app: str, folder: Path):
    source = Path(tempfile.mkdtemp(prefix="build_", dir=folder))
    try:
        unpack(commit, source)
        for name in list(os.environ):
            if name.startswith("GIT_") or name == "PYTHONPATH":
                del os.environ[name]
        print("Building source:\n", flush=True)
        order = json.load(ask(f"{address}/builds/{app}"))
        slug = build(source, order)
    except Refused as refused:
        note(str(refused))
        print(" !     Push rejected, failed to compile Python app.\n", flush=True)
        print(" !     Push failed", flush=True)
        ask(f"{address}/builds/{app}", {"failed": True})
        shutil.rmtree(source)
        sys.exit(1)
    slug |= {"source": str(source), "commit": commit}
    for line in ask(f"{address}/builds/{app}", slug):
        print(line.decode().rstrip("\n"), flush=True)


def main():
    address, app, folder = sys.argv[1:]
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
        receive(commit, address, app, Path(folder))


if __name__ == "__main__":
    main()
