"""A listing changes the reader's project as the guide says."""

import pytest

from rehearsal.reader.project import (
    DEPLOYABLE,
    EXAMPLE,
    STAFF_CALIBRATION,
    apply,
    differences,
    merge,
    write_starting_project,
)
from rehearsal.script import DOCTREES, Listing, read_pages

MODULE = """import os

# The first
A = 1

# The second
B = [
    2,
]
C = 3
"""


@pytest.fixture
def project(tmp_path):
    """Return the project as it is before the first page."""
    write_starting_project(tmp_path / "project")
    return tmp_path / "project"


def test_a_listing_replaces_a_setting_with_its_comments():
    merged = merge(MODULE, "# Another second\nB = []\n")
    assert "# Another second\nB = []" in merged
    assert "# The second" not in merged
    assert merged.index("A = 1") < merged.index("B = []") < merged.index("C = 3")


def test_what_is_new_goes_below_the_part_before_it():
    merged = merge(MODULE, "A = 1\n\nNEW = 2\n")
    assert merged.index("A = 1") < merged.index("NEW = 2") < merged.index("B = [")


def test_what_is_new_alone_goes_to_the_end():
    assert merge(MODULE, "# Last\nNEW = 2\n").endswith("# Last\nNEW = 2\n")


def test_a_listing_that_is_not_python_is_refused():
    with pytest.raises(SyntaxError):
        merge(MODULE, "A = [")


def test_a_group_is_added_below_a_blank_line(tmp_path):
    apply(tmp_path, "requirements.txt", "# One\none")
    apply(tmp_path, "requirements.txt", "# Two\ntwo")
    assert (tmp_path / "requirements.txt").read_text() == "# One\none\n\n# Two\ntwo\n"


def test_a_line_is_added_below_the_others(tmp_path):
    apply(tmp_path, "Procfile", "web: a")
    apply(tmp_path, "Procfile", "release: b")
    assert (tmp_path / "Procfile").read_text() == "web: a\nrelease: b\n"


def test_the_starting_project_has_no_deployable_file_but_its_settings(project):
    there = [name for name in DEPLOYABLE if (project / name).exists()]
    assert there == ["staff/settings.py"]


def test_the_starting_settings_know_nothing_of_the_deployment(project):
    settings = (project / "staff" / "settings.py").read_text()
    for word in ("environs", "whitenoise", "LOGGING", "SECURE_", "EMAIL_", "dj_db"):
        assert word not in settings
    assert "django-insecure-" in settings


def test_the_listings_of_all_pages_add_up_to_the_example(project, site):
    for page in read_pages(DOCTREES):
        for step in page.steps:
            if isinstance(step, Listing):
                apply(project, step.path, step.text)
    assert differences(project, STAFF_CALIBRATION) == ""


# Files beside the deployable ones that no page shows, with the reason.
OF_THE_APP = {
    "manage.py": "startproject wrote it",
    "app.json": "a button on a web page would read it, no step does",
    "staff/__init__.py": "startproject wrote it",
    "staff/wsgi.py": "startproject wrote it",
    "staff/urls.py": "the app's own addresses",
    "staff/views.py": "the app's own pages",
    "staff/middleware.py": "the app's own middleware",
    "staff/checks.py": "a page has it copied whole",
    "staff/tests.py": "the app's own tests; a page shows what they ask",
}
# Made on a contributor's machine, and ignored by git.
MADE_HERE = {".env", "db.sqlite3"}


def test_every_file_that_decides_the_deployment_is_shown():
    there = {
        path.relative_to(EXAMPLE).as_posix()
        for folder in (EXAMPLE, EXAMPLE / "staff")
        for path in folder.iterdir()
        if path.is_file()
    }
    assert there - MADE_HERE == {*DEPLOYABLE, *OF_THE_APP}


@pytest.mark.parametrize("name", DEPLOYABLE)
def test_a_changed_file_is_a_difference(project, name):
    for each in DEPLOYABLE:
        (project / each).write_text((EXAMPLE / each).read_text())
    assert differences(project, STAFF_CALIBRATION) == ""
    (project / name).write_text((EXAMPLE / name).read_text() + "other = 1\n")
    assert f"example/{name}" in differences(project, STAFF_CALIBRATION)
