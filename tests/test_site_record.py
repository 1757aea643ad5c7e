"""A page says that its commands were performed until what was performed changes."""

import datetime
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from rehearsal import record
from tests.conftest import ROOT
from tests.support.pages import EXAMPLE, LATEST_DATE, PAGES, VERSIONS

RECORD = record.read_record()
NOW = {page.name: page for page in PAGES}

TO_RECORD = "`make record` performs the guide and records it"
LEFT_OUT = "troubleshooting/"
SENTENCE = "of the commands on this page were run against a local stand-in for Heroku"

# Written by make, or by nobody who wants it published.
NO_SOURCE = shutil.ignore_patterns(
    "build",
    ".venv",
    ".git",
    "node_modules",
    "wheels",
    "staticfiles",
    ".env",
    "*.sqlite3",
)


@pytest.fixture(scope="module")
def guide(tmp_path_factory):
    """Return a copy of the whole guide, whose rehearsal is recorded today."""
    folder = tmp_path_factory.mktemp("guide") / "copy"
    shutil.copytree(ROOT, folder, ignore=NO_SOURCE)
    build(folder)
    run(
        folder,
        "-c",
        "from rehearsal import record, script\n"
        "pages = script.read_pages(script.DOCTREES)\n"
        "record.write(pages, {'Heroku CLI': '1.2.3'}, dict.fromkeys(\n"
        "    [page.name for page in pages], 41.7))",
    )
    return folder


def run(folder, *arguments):
    subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        check=True,
    )


def build(folder):
    """Build the guide as `make html` does, but for the many pages of one part."""
    options = ["--quiet", "--conf-dir", ".", "--doctree-dir", "build/doctrees"]
    options += ["--define", f"exclude_patterns=_*,{LEFT_OUT}*"]
    run(folder, "-m", "sphinx", *options, "docs", "build/html")


def claims(folder):
    """Return the pages whose footer says that they were performed, with the footer."""
    build(folder)
    html = folder / "build" / "html"
    footers = {
        page.relative_to(html).with_suffix("").as_posix(): " ".join(
            re.search("<footer.*</footer>", page.read_text(), re.DOTALL)[0].split()
        )
        for page in html.rglob("*.html")
        if page.name != "404.html"
    }
    return {name: text for name, text in footers.items() if SENTENCE in text}


@pytest.fixture
def change(guide):
    """Change a text in a file of the guide until the test has ended."""
    changed = {}

    def write(path, old, new):
        file = guide / path
        changed.setdefault(file, file.read_text())
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))

    yield write
    for file, text in changed.items():
        file.write_text(text)


# What a page says ------------------------------------------------------------


def test_each_performed_page_says_so(guide):
    found = claims(guide)
    performed = {page.name for page in PAGES if record.commands(page)}
    assert {*found} == {name for name in performed if not name.startswith(LEFT_OUT)}
    day = datetime.date.today().isoformat()
    assert f"All {SENTENCE} on {day}" in found["deploy/push"]
    assert "Heroku CLI 1.2.3" in found["deploy/push"]


def test_a_page_says_how_many_commands_are_excused(guide):
    count = len(NOW["deploy/cli"].excused)
    assert f"All but {count} {SENTENCE}" in claims(guide)["deploy/cli"]


def test_the_restore_drill_says_how_long_it_took(guide):
    build(guide)
    page = (guide / "build/html/operate/restore-drill.html").read_text()
    assert "42\N{NO-BREAK SPACE}seconds" in page


@pytest.mark.parametrize(
    "path, old, new",
    [
        ("docs/deploy/push.rst", "git push heroku main", "git push heroku master"),
        ("docs/deploy/push.rst", "Verifying deploy", "Checking deploy"),
        ("docs/deploy/push.rst", ":kbd:`ada@", ":kbd:`eda@"),
    ],
    ids=["a command", "its output", "what is typed"],
)
def test_a_page_whose_commands_changed_says_nothing(guide, change, path, old, new):
    change(path, old, new)
    found = claims(guide)
    assert "deploy/push" not in found
    assert "deploy/open" in found


def test_a_substitution_counts_where_it_is_used(guide, change):
    change("docs/_extensions/substitutions.py", "my-staff-calibration", "your-app")
    found = claims(guide)
    assert "deploy/push" not in found
    assert "deploy/git" in found


def test_other_words_of_a_page_do_not_count(guide, change):
    change("docs/deploy/push.rst", "In this step", "\n\nNow and in this step")
    assert "deploy/push" in claims(guide)


@pytest.mark.parametrize(
    "path, old, new",
    [
        (
            "example/staff_calibration/management/commands/seed_demo.py",
            '"""',
            '"""New. ',
        ),
        ("example/Procfile", "web:", "web: "),
        ("rehearsal/package.json", '"heroku": "', '"heroku": "^'),
        ("rehearsal/pnpm-lock.yaml", "lockfileVersion", "#\nlockfileVersion"),
    ],
    ids=lambda value: Path(value).name if "/" in value else "",
)
def test_after_a_change_of_the_project_no_page_says_anything(
    guide, change, path, old, new
):
    change(path, old, new)
    assert not claims(guide)


def test_what_git_ignores_is_no_part_of_the_project(guide):
    (guide / "example" / ".env").write_text("DEBUG=true")
    assert claims(guide)


def test_before_the_first_rehearsal_no_page_says_anything(guide):
    file = guide / "docs" / "rehearsal.json"
    text = file.read_text()
    file.unlink()
    try:
        assert not claims(guide)
    finally:
        file.write_text(text)


def test_a_part_of_the_guide_is_not_recorded():
    for part in (["deploy/create"], ["--keep"], ["--own"]):
        asked = subprocess.run(
            [sys.executable, "-m", "rehearsal", "--record", *part],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert asked.returncode == 2
        assert "only a rehearsal of the whole guide" in asked.stderr


# The record that is published ------------------------------------------------


def test_there_is_a_record():
    assert RECORD, f"docs/rehearsal.json is missing: {TO_RECORD}"


def test_the_record_is_not_of_a_day_to_come():
    assert datetime.date.fromisoformat(RECORD["date"]) <= LATEST_DATE


@pytest.mark.parametrize("name", RECORD["pages"] if RECORD else [])
def test_no_page_has_lost_a_command_since_the_record(name):
    recorded = RECORD["pages"][name]
    assert name in NOW, f"docs/rehearsal.json has {name}, which is gone: {TO_RECORD}"
    count = record.commands(NOW[name])
    assert count >= recorded["commands"], (
        f"docs/{name}.rst has {count} commands and had {recorded['commands']} on "
        f"{RECORD['date']}: if one was meant to go, {TO_RECORD}"
    )
    if recorded["digest"] == record.page_digest(NOW[name]):
        assert recorded["commands"] == count, f"edited by hand: {TO_RECORD}"


def test_the_record_is_of_the_pinned_cli():
    assert RECORD["versions"]["Heroku CLI"] == VERSIONS["cli"], (
        f"docs/rehearsal.json is not of rehearsal/package.json's CLI: {TO_RECORD}"
    )


def test_the_record_is_of_the_packages_of_the_example():
    for package, version in (("django", "Django"), ("gunicorn", "gunicorn")):
        requirement = next(
            Requirement(line)
            for line in (EXAMPLE / "requirements.txt").read_text().splitlines()
            if line.startswith(package)
        )
        assert requirement.specifier.contains(RECORD["versions"][version]), TO_RECORD


def test_the_record_names_the_python_of_the_example_or_what_took_its_part():
    series = re.escape((EXAMPLE / ".python-version").read_text().strip())
    assert re.fullmatch(
        rf"{series}\.\d+|\d+\.\d+\.\d+ in place of {series}",
        RECORD["versions"]["Python"],
    ), TO_RECORD
