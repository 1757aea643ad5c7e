"""The record of a rehearsal, which the site shows: docs/rehearsal.json."""

import datetime
import importlib.util
import json
import pickle
import subprocess
from pathlib import Path

from rehearsal import postgres
from rehearsal.script import DOCTREES, Command, Page
from rehearsal.stage import Stage

ROOT = Path(__file__).parent.parent
CLI = ROOT / "rehearsal" / "node_modules" / "heroku" / "package.json"


def write(pages: list[Page], stage: Stage) -> Path:
    """Write what was performed, when, and with which versions; return the file."""
    extension = site_extension()
    environment = pickle.loads((DOCTREES / "environment.pickle").read_bytes())
    record = {
        "date": datetime.date.today().isoformat(),
        "versions": versions(stage),
        "commands": len(stage.transcript),
        "pages": {
            page.name: {
                "commands": count,
                "excused": len(page.excused),
                "digest": extension.digest(environment, page.name),
            }
            for page in pages
            if (count := sum(isinstance(step, Command) for step in page.steps))
        },
    }
    extension.RECORD.write_text(json.dumps(record, indent=2) + "\n")
    return extension.RECORD.relative_to(ROOT)


def site_extension():
    """Return the site's own module, so that both compute the same digest."""
    file = ROOT / "docs" / "_extensions" / "rehearsal_record.py"
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def versions(stage: Stage) -> dict[str, str]:
    """Return the versions that took part, as each part names itself."""
    python = stage.terminals[0].ask("command -v python")
    return {
        "Heroku CLI": json.loads(CLI.read_text())["version"],
        "Python": printed(python, "--version").removeprefix("Python "),
        "Django": printed(python, "-m", "django", "--version"),
        "gunicorn": printed(python, "-m", "gunicorn", "--version")
        .split()[-1]
        .strip(")"),
        "PostgreSQL": printed(postgres.binaries() / "postgres", "--version").split()[2],
        "git": printed("git", "--version").split()[2],
    }


def printed(*run: str | Path) -> str:
    return subprocess.run(
        run, capture_output=True, text=True, check=True
    ).stdout.strip()
