"""The shape of a page, and what the build refuses."""

import subprocess
import sys

import pytest
from docutils import nodes
from sphinx import addnodes

from rehearsal.script import is_session
from tests.conftest import ROOT
from tests.support.pages import PAGES, SOURCES, STEPS, commands, doctree

# Words of a page's source: enough to say why, few enough to be read at one go.
WORDS = range(250, 801)

# Nothing has to be explained when the app is removed.
SHORT = {"deploy/take-down"}

# There is no command to type before the CLI is installed.
CHECKPOINT_IN_THE_BROWSER = {"deploy/account"}

# Languages of the blocks that are neither a listing nor a session.
TYPED = {
    "none": "a tree of files, a file's one line",
    "ps1con": "PowerShell, which is not rehearsed",
    "text": "lines of a log",
}


def section(name, title):
    """Return the only section of a page with that title."""
    (found,) = (
        node
        for node in doctree(name).findall(nodes.section)
        if node[0].astext() == title
    )
    return found


def links(node):
    return [*node.findall(addnodes.pending_xref), *node.findall(nodes.reference)]


def test_every_page_is_in_a_toctree_once():
    assert sorted(page.name for page in PAGES) == sorted(SOURCES)


@pytest.mark.parametrize(
    "name", [name for name in SOURCES if not name.startswith("reference/")]
)
def test_page_ends_with_a_way_on(name):
    last = list(doctree(name).findall(nodes.paragraph))[-1]
    assert last.astext().startswith("Continue to ")
    assert links(last)


@pytest.mark.parametrize("name", STEPS)
def test_page_has_a_checkpoint_with_a_command(name):
    checkpoint = section(name, "Checkpoint")
    blocks = [*checkpoint.findall(nodes.literal_block)]
    assert name in CHECKPOINT_IN_THE_BROWSER or any(map(is_session, blocks))


@pytest.mark.parametrize(
    "name", [name for name in STEPS if name.startswith("prepare/")]
)
def test_page_tells_what_to_do_in_a_project_of_your_own(name):
    assert section(name, "In your own project").findall(nodes.paragraph)


@pytest.mark.parametrize("name", STEPS)
def test_page_begins_with_what_the_step_is(name):
    introduction = [
        node.astext() for node in doctree(name)[-1] if isinstance(node, nodes.paragraph)
    ]
    assert "In this step" in "\n".join(introduction)


@pytest.mark.parametrize("name", STEPS)
def test_page_can_be_read_at_one_go(name):
    assert name in SHORT or len(SOURCES[name].split()) in WORDS


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


# Outputs that are three dots and nothing else, with the reason: nothing of them is
# the same each time.
ONLY_DOTS = {"heroku config:get SECRET_KEY": "the key is made at random"}


def test_three_dots_alone_stand_for_what_is_never_the_same():
    dotted = {each.text for each in commands() if set(each.output) - {"\n"} == {"."}}
    assert dotted == set(ONLY_DOTS)


# What the build refuses -------------------------------------------------------


def sphinx_options():
    """Return the Makefile's options of sphinx-build."""
    show = ["make", "--no-print-directory", "--eval=show:;@echo $(SPHINXOPTS)", "show"]
    return subprocess.check_output(show, cwd=ROOT, text=True).split()


def build(folder, body):
    """Build a page of a title and `body` as `make html` does; return the process."""
    (folder / "index.rst").write_text(f"Scratch\n=======\n\n{body}\n")
    (folder / "Procfile").write_text("web: gunicorn staff.wsgi\n")
    command = [sys.executable, "-m", "sphinx", "--builder", "dummy", *sphinx_options()]
    return subprocess.run(
        [*command, "--conf-dir", ROOT, folder, folder / "build"],
        capture_output=True,
        text=True,
    )


def test_a_good_page_is_built(tmp_path):
    built = build(tmp_path, ".. parsed-literal::\n\n   $ heroku open --app |app|")
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
        (".. literalinclude:: Procfile\n   :start-at: worker:", "worker:"),
        (".. literalinclude:: gone.py", "gone.py"),
        ("Wait for 60 seconds.", "'60' is typed"),
        ("Wait for half an hour.", "'half an hour' is typed"),
        ("It ended in May 2024.", "'May 2024' is typed"),
        ("See ``forwarded_allowed_ips``.", "forwarded_allowed_ips"),
        ("See ``staff.asgi``.", "staff.asgi"),
        ("See :file:`staff/setting.py`.", "staff/setting.py"),
        ("See :wrong:`Procfile`.", "is a path"),
        ("Choose :guilabel:`Calibration`.", "Calibration"),
    ],
)
def test_the_build_refuses(tmp_path, body, named):
    built = build(tmp_path, body)
    assert built.returncode != 0
    assert named in built.stderr
