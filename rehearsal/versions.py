"""Which programs take part in a rehearsal."""

import json
import subprocess
from pathlib import Path

from rehearsal import postgres
from rehearsal.reader.project import EXAMPLE

CLI = Path(__file__).parent / "node_modules" / "heroku" / "package.json"


def versions(python: str) -> dict[str, str]:
    """Return the version of each program, as it names itself.

    `python` is the interpreter of the project's environment.
    """
    series = (EXAMPLE / ".python-version").read_text().strip()
    version = printed(python, "--version").removeprefix("Python ")
    if not version.startswith(f"{series}."):
        version += f" in place of {series}"
    gunicorn = printed(python, "-m", "gunicorn", "--version")
    return {
        "Heroku CLI": json.loads(CLI.read_text())["version"],
        "Python": version,
        "Django": printed(python, "-m", "django", "--version"),
        "gunicorn": gunicorn.split()[-1].strip(")"),
        "PostgreSQL": printed(postgres.binaries() / "postgres", "--version").split()[2],
        "git": printed("git", "--version").split()[2],
    }


def printed(*run: str | Path) -> str:
    return subprocess.run(
        run, capture_output=True, text=True, check=True
    ).stdout.strip()
