"""The shape of a page, and what the build refuses."""

import os
import subprocess
import sys

import pytest
from docutils import nodes
from sphinx import addnodes

from rehearsal.script import NOT_REHEARSED, is_session, line
from tests.conftest import ROOT
from tests.support.pages import (
    EXAMPLE,
    PAGES,
    SOURCES,
    STEPS,
    TABS,
    TASKS,
    commands,
    doctree,
    field,
    in_sources,
    prose,
    section,
)

# Words of a page, its commands included: enough to say why, few enough to be read at
# one go. Listings and sources are looked up.
WORDS = range(300, 701)

# There is no command to type before the CLI is installed.
CHECKPOINT_IN_THE_BROWSER = {"deploy/account"}

# Nothing there depends on the project.
THE_SAME_FOR_ALL = {"deploy/account", "deploy/cli", "deploy/take-down"}

HOURS = ["no", "one", "two", "three", "four", "five"]

# Languages of the blocks that are neither a listing nor a session.
TYPED = {
    "none": "a tree of files, a file's one line",
    "ps1con": "PowerShell, which is not rehearsed",
    "text": "lines of a log",
}


def test_every_page_is_in_a_toctree_once():
    assert sorted(page.name for page in PAGES) == sorted(SOURCES)


def test_the_steps_take_as_long_as_the_first_page_says():
    minutes = sum(int(field(name, "minutes")) for name in STEPS)
    hours = HOURS[round(minutes / 60)]
    assert f"About {hours} hours" in prose("index"), (
        f"docs/index.rst: the steps take {minutes} minutes, about {hours} hours"
    )


@pytest.mark.parametrize("name", sorted({*STEPS, *TASKS} - CHECKPOINT_IN_THE_BROWSER))
def test_page_has_a_checkpoint_with_a_performed_command(name):
    blocks = section(name, "Checkpoint").findall(nodes.literal_block)
    assert any(
        is_session(block) and NOT_REHEARSED not in block["classes"] for block in blocks
    ), f"docs/{name}.rst: its Checkpoint has no command that a rehearsal performs"


@pytest.mark.parametrize("name", sorted({*STEPS} - THE_SAME_FOR_ALL))
def test_page_tells_what_to_do_in_a_project_of_your_own(name):
    assert any(section(name, "In your own project").findall(nodes.paragraph))


@pytest.mark.parametrize("name", [*STEPS, *TASKS])
def test_page_begins_with_what_the_step_is(name):
    introduction = [
        node.astext() for node in doctree(name)[-1] if isinstance(node, nodes.paragraph)
    ]
    assert "In this step" in "\n".join(introduction)


def words(name):
    return [
        word
        for block in doctree(name).findall(nodes.TextElement)
        if not isinstance(block.parent, nodes.TextElement)
        and not isinstance(block, nodes.Invisible)
        and not in_sources(block)
        and (is_session(block) or not isinstance(block, nodes.FixedTextElement))
        for word in block.astext().split()
    ]


@pytest.mark.parametrize("name", [*STEPS, *TASKS, "index", "rehearse"])
def test_page_can_be_read_at_one_go(name):
    count = len(words(name))
    assert count in WORDS, (
        f"docs/{name}.rst has {count} words: say what is missing, or move what can be "
        f"looked up to docs/reference/ ({WORDS[0]} to {WORDS[-1]})"
    )


@pytest.mark.parametrize("name", SOURCES)
def test_page_has_two_boxes_at_most_and_each_has_a_title(name):
    boxes = [
        node
        for node in doctree(name).findall(nodes.Admonition)
        if not isinstance(node, addnodes.desc)
    ]
    assert len(boxes) <= 2
    assert all(isinstance(box, nodes.admonition) for box in boxes)


@pytest.mark.parametrize("name", SOURCES)
def test_every_block_is_a_listing_a_session_or_plain(name):
    for block in doctree(name).findall(nodes.literal_block):
        captioned = isinstance(block.parent, nodes.container) and block.parent.get(
            "literal_block"
        )
        plain = block.get("language", "none") in TYPED
        assert captioned or is_session(block) or plain, block.astext()


@pytest.mark.parametrize("name", SOURCES)
def test_no_block_is_commented_out(name):
    for comment in doctree(name).findall(nodes.comment):
        pytest.fail(
            f"docs/{name}.rst:{line(comment)}: a comment, which no reader sees: "
            f".. {comment.astext()}\nA directive has two colons after its name.",
            pytrace=False,
        )


@pytest.mark.parametrize("name", SOURCES)
def test_tabs_have_the_same_titles_everywhere(name):
    for tabs in doctree(name).findall(nodes.container):
        if "tabs" in tabs["classes"]:
            titles = [each.astext() for each in tabs if isinstance(each, nodes.rubric)]
            assert titles == list(TABS), f"docs/{name}.rst:{line(tabs)}"


@pytest.mark.parametrize("name", SOURCES)
def test_a_picture_has_a_text_for_those_who_do_not_see_it(name):
    for image in doctree(name).findall(nodes.image):
        assert len(image.get("alt", "").split()) >= 5, (
            f"docs/{name}.rst:{line(image)}: say in :alt: what {image['uri']} shows"
        )


# Outputs that are three dots and nothing else, with the reason: nothing of them is
# the same each time.
ONLY_DOTS = {
    "heroku config:get SECRET_KEY": "the key is made at random",
}


def test_three_dots_alone_stand_for_what_is_never_the_same():
    dotted = {each.text for each in commands() if set(each.output) - {"\n"} == {"."}}
    assert dotted == set(ONLY_DOTS)


# What the build refuses -------------------------------------------------------


def sphinx_options():
    """Return the Makefile's options of sphinx-build."""
    show = ["make", "--no-print-directory", "--eval=show:;@echo $(SPHINXOPTS)", "show"]
    return subprocess.check_output(show, cwd=ROOT, text=True).split()


def build(folder, body):
    """Build a page of a title and `body` as `make html` does; return the process.

    `EXAMPLE` in the body stands for the way from the page to the example.
    """
    body = body.replace("EXAMPLE", os.path.relpath(EXAMPLE, folder))
    (folder / "index.rst").write_text(f"Scratch\n=======\n\n{body}\n")
    (folder / "step.rst").write_text(":orphan:\n\nStep\n====\n")
    (folder / "Procfile").write_text("web: gunicorn staff.wsgi\n")
    return run_sphinx(folder, "dummy")


def run_sphinx(folder, builder):
    command = [sys.executable, "-m", "sphinx", "--builder", builder, *sphinx_options()]
    return subprocess.run(
        [*command, "--conf-dir", ROOT, folder, folder / "build"],
        capture_output=True,
        text=True,
    )


def test_the_search_finds_a_page_by_its_own_words_only(tmp_path):
    (tmp_path / "index.rst").write_text("Start\n=====\n\nIt waits |boot-timeout|.\n")
    built = run_sphinx(tmp_path, "html")
    assert built.returncode == 0, built.stderr
    found = (tmp_path / "build" / "searchindex.js").read_text()
    assert '"second":' in found and '"hour":' not in found


def test_the_search_keeps_the_entries_of_a_page_that_has_not_changed(tmp_path):
    (tmp_path / "index.rst").write_text("Start\n=====\n\n.. toctree::\n\n   step\n")
    (tmp_path / "old.rst").write_text(
        ":orphan:\n\n.. index::\n   ! single: H10\n\nOld\n===\n"
    )
    for text in ("Once.", "Twice."):
        (tmp_path / "step.rst").write_text(f"Step\n====\n\n{text}\n")
        built = run_sphinx(tmp_path, "html")
        assert built.returncode == 0, built.stderr
        assert '"h10":' in (tmp_path / "build" / "searchindex.js").read_text()


def test_a_good_page_is_built(tmp_path):
    built = build(tmp_path, ".. parsed-literal::\n\n   $ heroku open --app |app|")
    assert built.returncode == 0, built.stderr


def test_a_literal_can_name_what_the_page_itself_changes(tmp_path):
    change = ".. code-block:: diff\n   :caption: Procfile\n\n    web:\n   +brand_new"
    built = build(tmp_path, f"{change}\n\nSee ``brand_new``.")
    assert built.returncode == 0, built.stderr


@pytest.mark.parametrize(
    "body, named",
    [
        (".. parse-literal::\n\n   $ heroku open", "parse-literal"),
        (".. code-blok:: console\n\n   $ heroku open", "code-blok"),
        (":envvar:`SECRET_KEYS`", "SECRET_KEYS"),
        (":doc:`prepare/gone`", "prepare/gone"),
        (":ref:`install-gone`", "install-gone"),
        ("|gone|", "gone"),
        (":source:`Billing stops <gone>`", "no source 'gone'"),
        ("Wait for 60 seconds.", "'60' is typed"),
        ("Wait for half an hour.", "'half an hour' is typed"),
        ("It ended in May 2024.", "'May 2024' is typed"),
        ("See ``forwarded_allowed_ips``.", "forwarded_allowed_ips"),
        ("See ``staff.asgi``.", "staff.asgi"),
        (
            ".. code-block:: console\n   :class: not-rehearsed\n\n"
            "   $ heroku brand_new\n\nSee ``brand_new``.",
            "'brand_new' names nothing",
        ),
        ("See :file:`staff/setting.py`.", "staff/setting.py"),
        ("See :wrong:`Procfile`.", "is a path"),
        ("Choose :guilabel:`Calibration`.", "Calibration"),
        (".. literalinclude:: EXAMPLE/gone.py", "gone.py"),
        (".. literalinclude:: Procfile", "no file of the example"),
        (
            ".. literalinclude:: EXAMPLE/Procfile\n"
            "   :start-at: gone:\n   :end-at: web:",
            "gone: is on no line",
        ),
        (
            ".. literalinclude:: EXAMPLE/.gitignore\n   :end-at: #",
            "# is on lines [",
        ),
        (
            ".. literalinclude:: EXAMPLE/Procfile\n   :start-at: web:",
            "wants an :end-at:",
        ),
        (".. literalinclude:: EXAMPLE/Procfile\n   :end-before: web:", "end-before"),
        (".. literalinclude:: EXAMPLE/Procfile\n   :lines: 1", "lines"),
        (
            ".. literalinclude:: EXAMPLE/Procfile\n"
            "   :start-at: release:\n   :end-at: web:",
            ":start-at: on",
        ),
        (".. overview::\n   :caption: Steps", "wants :field:"),
        (
            ".. overview::\n   :caption: Steps\n   :field: minutes\n\n   step",
            "no :minutes: is above the title",
        ),
    ],
)
def test_the_build_refuses(tmp_path, body, named):
    built = build(tmp_path, body)
    assert built.returncode != 0
    assert named in built.stderr
