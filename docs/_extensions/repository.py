"""Where this repository is on the web: known from where the build runs, never typed."""

import os
import re
import subprocess
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]


@cache
def address() -> str | None:
    """Return the web address of the repository, without .git; None if none is known.

    Read the Docs and GitHub's actions say what they build; elsewhere the checkout's
    own remote does, if it is on the web.
    https://docs.readthedocs.com/platform/stable/reference/environment-variables.html
    https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    """
    given = os.environ.get
    if found := web_address(given("READTHEDOCS_GIT_CLONE_URL", "")):
        return found
    if "GITHUB_REPOSITORY" in os.environ:
        return web_address(f"{given('GITHUB_SERVER_URL')}/{given('GITHUB_REPOSITORY')}")
    return web_address(remote())


def remote() -> str:
    """Return where the checkout was cloned from; "" if this is no clone."""
    if not (ROOT / ".git").exists():
        return ""
    command = ["git", "-C", ROOT, "remote", "get-url", "origin"]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def web_address(remote: str) -> str | None:
    """Return the web address of a remote; None for a folder or another machine's.

    An account's name or token in it is left out.
    """
    if scp := re.fullmatch(r"git@([\w.-]+):(.+)", remote):
        remote = f"https://{scp[1]}/{scp[2]}"
    parts = urlsplit(remote)
    if parts.scheme not in ("http", "https", "ssh") or not parts.hostname:
        return None
    if "." not in parts.hostname or parts.hostname.replace(".", "").isdigit():
        return None
    path = parts.path.strip("/").removesuffix(".git")
    if parts.scheme == "ssh":
        return f"https://{parts.hostname}/{path}"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/{path}"
