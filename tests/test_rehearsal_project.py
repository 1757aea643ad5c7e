"""A listing changes the reader's project as the guide says."""

import pytest

from rehearsal.reader.own_project import OWN_PROJECT
from rehearsal.reader.project import (
    DEPLOYABLE,
    EXAMPLE,
    STAFF_CALIBRATION,
    apply,
    apply_diff,
    differences,
    merge,
    merge_lines,
    write_starting_project,
)
from rehearsal.script import DOCTREES, Diff, Listing, Whose, read_pages

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


@pytest.mark.parametrize(
    "lines, changed",
    [
        (["-A = 1"], "B = [\n    2,\n]\n"),
        ([" B = [", "+    1,", "     2,"], "A = 1\nB = [\n    1,\n    2,\n]\n"),
        (["-]", "+    3,", "+]"], "A = 1\nB = [\n    2,\n    3,\n]\n"),
    ],
    ids=["at the beginning", "amid", "at the end"],
)
def test_a_diff_changes_whole_lines(tmp_path, lines, changed):
    (tmp_path / "a.py").write_text("A = 1\nB = [\n    2,\n]\n")
    apply_diff(tmp_path, Diff("page", 1, "a.py", "\n".join(lines)))
    assert (tmp_path / "a.py").read_text() == changed


@pytest.mark.parametrize(
    "text, message",
    [
        ("A = 1\nA = 1\n", "these lines 2 times"),
        ("A = 10\n", r"(?s)0 times.*It has no line 'A = 1'"),
        ("    A = 1\n", "0 times"),
        (None, "0 times"),
    ],
    ids=["twice", "a longer line", "an indented line", "no file"],
)
def test_a_diff_wants_its_lines_exactly_once(tmp_path, text, message):
    if text:
        (tmp_path / "a.py").write_text(text)
    with pytest.raises(ValueError, match=message):
        apply_diff(tmp_path, Diff("page", 1, "a.py", "-A = 1\n+A = 2"))


@pytest.mark.parametrize(
    "said, ours",
    [
        ("staff/settings.py", "mysite/settings.py"),
        ("gunicorn staff.wsgi", "gunicorn mysite.wsgi"),
        ("cp ../a-finished/staff/b.py staff/", "cp ../a-finished/staff/b.py mysite/"),
        ("cd my-staff-calibration", "cd my-staff-calibration"),
        ("no issues (1 silenced).", "no issues (0 silenced)."),
    ],
)
def test_another_project_has_its_own_names(said, ours):
    listing = Listing("page", 1, said, said)
    assert OWN_PROJECT.with_own_names(listing) == Listing("page", 1, ours, ours)


@pytest.mark.parametrize("project", [STAFF_CALIBRATION, OWN_PROJECT])
def test_a_project_has_the_blocks_of_both_and_its_own(project):
    blocks = [Listing("page", 1, "a", "b", whose) for whose in Whose]
    found = [block.whose for block in blocks if project.has(block)]
    assert found == [Whose.BOTH, project.whose]


def test_the_starting_project_has_no_deployable_file_but_its_settings(project):
    there = [name for name in DEPLOYABLE if (project / name).exists()]
    assert there == ["staff/settings.py"]


def test_the_starting_settings_know_nothing_of_the_deployment(project):
    settings = (project / "staff" / "settings.py").read_text()
    for word in ("environs", "whitenoise", "LOGGING", "SECURE_", "EMAIL_", "dj_db"):
        assert word not in settings
    assert "django-insecure-" in settings


@pytest.mark.parametrize(
    "before, listing, after",
    [
        ("web: a\nrelease: b\n", "web: c", "web: c\nrelease: b\n"),
        ("# One\none>1\n", "# One\none>2\ntwo", "# One\none>2\n\n# One\ntwo\n"),
        ("A=1\nB=2\n", "A=3\nB=2", "A=3\nB=2\n"),
        (".env\n", ".env\n.venv/", ".env\n.venv/\n"),
    ],
)
def test_a_line_of_the_same_name_is_replaced(before, listing, after):
    assert merge_lines(before, listing) == after


def test_the_listings_of_all_steps_add_up_to_the_example(project, site):
    for page in read_pages(DOCTREES):
        for step in () if page.is_scene else page.steps:
            if isinstance(step, Listing) and STAFF_CALIBRATION.has(step):
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
