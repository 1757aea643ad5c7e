"""A project that is not the example, as somebody might bring it to the guide.

The pages say "In your own project" what to do with it. It is in git, on a branch with
a name of its own and with another remote, and has in it what people try before they
read a guide.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from rehearsal.reader.project import DOWNLOADS, EXAMPLE, FINISHED, Project, apply
from rehearsal.script import Whose
from tools.tracked import ROOT, tracked

# What it has beyond what startproject writes.
BROUGHT = ROOT / "tests" / "own_project"
FOLDER = "beehives"
BRANCH = "develop"
# In no repository, so in no file of BROUGHT.
DOTENV = """\
SECRET_KEY=only-on-this-machine-and-longer-than-the-fifty-characters-of-django
SITE_NAME=Bees-at-home
"""


def write_start(home: Path) -> None:
    """Put the project into `home`, and beside it what its reader downloads."""
    shutil.copy(DOWNLOADS / f"{FINISHED}.zip", home)
    project = home / FOLDER
    project.mkdir()
    startproject = [sys.executable, "-m", "django", "startproject", "mysite", "."]
    subprocess.run(startproject, cwd=project, check=True)
    for file in tracked(BROUGHT):
        path = file.relative_to(BROUGHT).as_posix()
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        if (project / path).exists():
            apply(project, path, file.read_text())
        else:
            shutil.copy(file, project / path)
    (project / ".env").write_text(DOTENV)
    (project / "db.sqlite3").touch()
    commit(project, home)


def commit(project: Path, home: Path) -> None:
    """Commit a project, db.sqlite3 included, and push it to a remote in `home`."""
    origin = home / "github.git"
    # None of the variables that a hook of this repository's git would leave.
    seen = {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}
    for arguments in (
        ("init", "--quiet", "--bare", origin),
        ("init", "--quiet", "--initial-branch", BRANCH),
        ("add", "."),
        ("commit", "--quiet", "--message", "Begin"),
        ("remote", "add", "origin", origin),
        ("push", "--quiet", "--set-upstream", "origin", BRANCH),
    ):
        subprocess.run(["git", *arguments], cwd=project, env=seen, check=True)


OWN_PROJECT = Project(
    EXAMPLE,
    # The rest of the deployable files has something of the project's own in it.
    ("gunicorn.conf.py", ".python-version"),
    write_start,
    opens_in=FOLDER,
    whose=Whose.OWN,
    instead={
        # The folder of settings.py, where a path or a dotted name begins with it.
        r"(?<![\w/-])staff(?=[./])": "mysite",
        # One of the example's packages has a check that the example silences.
        r"\(1 silenced\)": "(0 silenced)",
    },
)
