"""The page of a failure: always the same parts, and nothing claimed but what was met.

The mistake is made on the page, its error text is in an output of the page, and a check
that is said to speak before the push spoke there.
"""

import re
from argparse import Namespace
from pathlib import Path

import pytest
from django.core.checks.security import base
from docutils import nodes

from rehearsal.__main__ import chosen, takes_down
from rehearsal.script import NOT_REHEARSED, caption, is_session
from tests.support.pages import (
    ENVIRONMENT,
    EXAMPLE,
    FAILURES,
    FOLDER,
    PAGES,
    SOURCES,
    doctree,
    field,
    met,
)

FOLD = "Make it happen"
SECTIONS = ["What you see", "Why", "Fix", "Check", "Never again"]
STAGES = {"local", "build", "release", "boot", "request", "data", "money", "Windows"}

# Words of a page's source: it is read by somebody whose app is broken.
WORDS = range(150, 501)

# Pages of the folder that are about no failure of their own, with the reason.
NO_FAILURE = {
    f"{FOLDER}index": "lists the failures",
    f"{FOLDER}not-rehearsed": "is about what no stand-in shows",
}

CHECK = "manage.py check --deploy"
ID = re.compile(r"(?:heroku|security)\.[EW]\d{3}")

# Failures that no check can see, with the reason. Their *Never again* says what helps.
TYPED = "it is in a command that is typed, and in no file"
ONLY_ON_HEROKU = "it is at Heroku, in no file and in no setting"
NO_SETTINGS = "the settings do not load, so no check runs"
OF_GIT = "git knows it, and no push is without it"
UNSEEN = {
    "app-not-found": TYPED,
    "collectstatic-disabled": "it is a variable of the build, which no setting reads",
    "csrf-origin": "a CDN decides it, which Django does not know of",
    "dollar": TYPED,
    "key-missing-in-build": NO_SETTINGS,
    "maintenance-mode": ONLY_ON_HEROKU,
    "migration-failed": "the rows of the database decide it",
    "name-taken": TYPED,
    "no-main-branch": TYPED,
    "no-remote": ONLY_ON_HEROKU,
    "no-web-processes": ONLY_ON_HEROKU,
    "nonexistent-flag": TYPED,
    "nothing-to-push": "a check reads what is on the disk, as a file that is committed",
    "plan-not-found": TYPED,
    "request-timeout": "how long a view takes is known when it runs",
    "settings-module": NO_SETTINGS,
    "superuser-skipped": TYPED,
    "updates-rejected": ONLY_ON_HEROKU,
    "variable-not-set": NO_SETTINGS,
    "worker-killed": "how much memory a view takes is known when it runs",
    "worker-timeout": "how long a view takes is known when it runs",
}


def sections(name):
    """Return the page's sections by their titles, in order."""
    [page] = doctree(name).findall(lambda node: node.parent is doctree(name))
    return {node[0].astext(): node for node in page if isinstance(node, nodes.section)}


def performed(node):
    """Return the blocks in a node that the rehearsal performs."""
    return [
        block
        for block in node.findall(nodes.literal_block)
        if NOT_REHEARSED not in block["classes"]
        and (caption(block) or is_session(block))
    ]


def spoken(name):
    """Return the ids of the checks that spoke while the page's project was broken."""
    return {
        found
        for command in met(name)
        if CHECK in command.text
        for found in ID.findall(command.output)
    }


def test_every_page_of_the_folder_is_in_the_overview():
    listed = ENVIRONMENT.toctree_includes[f"{FOLDER}index"]
    of_folder = {name for name in SOURCES if name.startswith(FOLDER)}
    assert set(listed) - {*NO_FAILURE} == of_folder - {*NO_FAILURE}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_says_at_which_stage_it_is_met(name):
    assert field(name, "stage") in STAGES


@pytest.mark.parametrize("key", ["shows", "title"])
def test_no_two_failures_look_the_same(key):
    found = [field(name, key) or ENVIRONMENT.titles[name].astext() for name in FAILURES]
    assert sorted(set(found)) == sorted(found)


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_begins_with_a_fold_that_makes_the_mistake(name):
    [page] = doctree(name).findall(lambda node: node.parent is doctree(name))
    above = page[: page.first_child_matching_class(nodes.section)]
    [fold] = [node for node in above if isinstance(node, nodes.Admonition)]
    assert fold[0].astext() == FOLD
    assert "fold" in fold["classes"]
    assert performed(fold), f"docs/{name}.rst: the fold performs nothing"


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_has_the_same_sections_everywhere(name):
    assert list(sections(name)) == SECTIONS


@pytest.mark.parametrize("name", FAILURES)
def test_the_fix_of_a_failure_is_performed(name):
    assert performed(sections(name)["Fix"])


@pytest.mark.parametrize("name", FAILURES)
def test_the_check_of_a_failure_is_a_command_that_succeeds(name):
    found = performed(sections(name)["Check"])
    assert any(is_session(block) for block in found)
    assert not any({"fails", "shows-error"} & set(block["classes"]) for block in found)


@pytest.mark.parametrize("name", FAILURES)
def test_the_text_that_readers_paste_was_printed_on_its_page(name):
    shows = field(name, "shows")
    assert shows
    assert any(shows in command.output for command in met(name)), (
        f"docs/{name}.rst: no command before the fix prints {shows!r}"
    )


@pytest.mark.parametrize("name", FAILURES)
def test_the_check_that_would_have_spoken_did_speak(name):
    named = set(ID.findall(sections(name)["Never again"].astext()))
    assert named == spoken(name), (
        f"docs/{name}.rst: *Never again* names what {CHECK!r} printed on the page "
        "before the fix"
    )


@pytest.mark.parametrize("name", FAILURES)
def test_a_check_speaks_of_a_failure_or_there_is_a_reason_that_none_can(name):
    assert bool(spoken(name)) != (name.removeprefix(FOLDER) in UNSEEN), (
        f"docs/{name}.rst: perform {CHECK!r} before the fix and show its id, or give "
        "UNSEEN the reason why no check sees this failure"
    )


def test_a_reason_is_about_a_page():
    assert {f"{FOLDER}{name}" for name in UNSEEN} <= {*FAILURES}


@pytest.mark.parametrize("name", FAILURES)
def test_a_check_that_spoke_is_one_of_the_example_s_or_of_django_s(name):
    source = (EXAMPLE / "staff" / "checks.py").read_text()
    source += Path(base.__file__).read_text()
    assert all(re.search(f"[\"']{found}[\"']", source) for found in spoken(name))


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_can_be_stayed_in_until_its_fix(name):
    for typed in [name, name.removeprefix(FOLDER)]:
        options = Namespace(page=typed, stay_broken=True, keep=False)
        pages = chosen(PAGES, options)
        assert [page.name for page in pages if page.is_scene] == [name]
        assert not any(map(takes_down, pages))
        assert 0 < pages[-1].mistakes < len(pages[-1].steps)


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_can_be_read_in_a_minute(name):
    assert len(SOURCES[name].split()) in WORDS
