"""The record of the last whole rehearsal: docs/rehearsal.json.

A rehearsal writes it, and as an extension of Sphinx this shows on a page when its
commands were performed: a page gets `rehearsal` in its template context while what was
performed is what the page and the project are now.
https://www.sphinx-doc.org/en/master/extdev/event_callbacks.html
"""

import dataclasses
import datetime
import hashlib
import json
from pathlib import Path

from rehearsal.reader.own_project import BROUGHT
from rehearsal.script import EXCUSED, Command, Page, read_page
from tools.tracked import tracked

ROOT = Path(__file__).parent.parent
RECORD = ROOT / "docs" / "rehearsal.json"
EXAMPLE = ROOT / "example"
ON_HEROKU = "on-heroku"
CLI = [ROOT / "rehearsal" / name for name in ("package.json", "pnpm-lock.yaml")]


def write(
    pages: list[Page], versions: dict[str, str], seconds: dict[str, float]
) -> None:
    """Record that all these pages were performed today, with these versions.

    `seconds` is how long each page took, by its name.
    """
    record = {
        "date": datetime.date.today().isoformat(),
        "versions": versions,
        "project": project_digest(),
        "pages": {
            page.name: {
                "commands": count,
                "seconds": round(seconds[page.name]),
                "digest": page_digest(page),
            }
            for page in pages
            if (count := commands(page))
        },
        ON_HEROKU: read_record().get(ON_HEROKU),
    }
    RECORD.write_text(json.dumps(record, indent=2) + "\n")


def write_on_heroku(differences: int) -> None:
    """Record that the steps were performed on Heroku itself today, with how many
    differences from the pages."""
    performed = {
        "date": datetime.date.today().isoformat(),
        "differences": differences,
    }
    record = read_record() | {ON_HEROKU: performed}
    RECORD.write_text(json.dumps(record, indent=2) + "\n")


def read_record() -> dict:
    """Return the record, or {} before the first rehearsal.

    Keys: date (ISO 8601), versions (name to text), project (str, a digest), pages (name
    to {"commands": int, "seconds": int, "digest": str}) and on-heroku (None until
    somebody has performed the steps there, then {"date": str, "differences": int}).
    """
    return json.loads(RECORD.read_text()) if RECORD.exists() else {}


def commands(page: Page) -> int:
    """Return how many commands of a page are performed."""
    return sum(isinstance(step, Command) for step in page.steps)


def page_digest(page: Page) -> str:
    """Return the SHA-256, in hexadecimal, of all that a rehearsal takes from a page.

    Of its commands and what they print, its listings and what is excused, all as the
    reader sees them; wherever on the page they are.
    """
    taken = [
        {**dataclasses.asdict(block), "line": None}
        for block in (*page.steps, *page.excused)
    ]
    return hashlib.sha256(json.dumps(taken).encode()).hexdigest()


def project_digest() -> str:
    """Return the SHA-256, in hexadecimal, of both projects and of the CLI's lock."""
    digest = hashlib.sha256()
    for file in (*tracked(EXAMPLE), *tracked(BROUGHT), *CLI):
        digest.update(f"{file.relative_to(ROOT)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def add_rehearsal(app, pagename, _, context, doctree):
    record = app.config.rehearsal
    recorded = record.get("pages", {}).get(pagename)
    same_project = record.get("project") == app.config.project_digest
    if not (doctree and recorded and same_project):
        return
    # `doctree` has been changed for HTML; a rehearsal reads it as it was.
    page = read_page(pagename, app.env.get_doctree(pagename), EXCUSED)
    if recorded["digest"] == page_digest(page):
        context["rehearsal"] = record
        context["excused"] = len(page.excused)


def setup(app):
    # "html": a new record, or another project, writes every page again.
    app.add_config_value("rehearsal", read_record(), "html", [dict])
    app.add_config_value("project_digest", project_digest(), "html", [str])
    app.connect("html-page-context", add_rehearsal)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
