"""The pages as they are written and as they are built, for the tests of the site."""

import datetime
import pickle
from functools import cache

import pytest
from docutils import nodes

from docs._extensions import substitutions
from rehearsal import script
from tests.conftest import ROOT

DOCS = ROOT / "docs"
EXAMPLE = ROOT / "example"

# The source of each page by its name, such as prepare/database.
SOURCES = {
    path.relative_to(DOCS).with_suffix("").as_posix(): path.read_text()
    for path in sorted(DOCS.rglob("*.rst"))
    if not path.relative_to(DOCS).parts[0].startswith("_")
}
STEPS = [name for name in SOURCES if name.startswith(("prepare/", "deploy/"))]
# What comes up while an app is running, each a scene of the rehearsal.
TASKS = [name for name in SOURCES if name.startswith("operate/")]
# What goes wrong, each a scene too.
FOLDER = "troubleshooting/"
FAILURES = [
    name
    for name in SOURCES
    if name.startswith(FOLDER) and not name.endswith(("/index", "/not-rehearsed"))
]

try:
    PAGES = script.read_pages(script.DOCTREES)
    ENVIRONMENT = pickle.loads((script.DOCTREES / "environment.pickle").read_bytes())
except FileNotFoundError:
    pytest.fail(f"{script.DOCTREES} is missing: run `make html` first", pytrace=False)

# The titles of a set of tabs: a reader chooses once for the whole guide.
TABS = ("macOS and Linux", "Windows PowerShell")

# Where the author lives, the next day may have begun.
LATEST_DATE = datetime.date.today() + datetime.timedelta(days=1)

# Written with the words of its time: what it quotes is allowed to be out of date.
HISTORY = "reference/changes-since-2021"

VERSIONS = substitutions.versions()


@cache
def doctree(name: str) -> nodes.document:
    return script.read_doctree(script.DOCTREES, name)


def section(name: str, title: str) -> nodes.section:
    """Return the only section of a page with that title."""
    (found,) = (
        node
        for node in doctree(name).findall(nodes.section)
        if node[0].astext() == title
    )
    return found


def field(name: str, key: str) -> str:
    """Return what is in a field above a page's title; "" without it."""
    return ENVIRONMENT.metadata[name].get(key, "")


def met(name: str) -> list[script.Command]:
    """Return the commands that a page performs before its fix."""
    [page] = [page for page in PAGES if page.name == name]
    steps = page.steps[: page.mistakes]
    return [step for step in steps if isinstance(step, script.Command)]


def listings() -> list[script.Listing]:
    return [s for page in PAGES for s in page.steps if isinstance(s, script.Listing)]


def commands() -> list[script.Command]:
    return [s for page in PAGES for s in page.steps if isinstance(s, script.Command)]


def excused() -> list[script.Excused]:
    return [each for page in PAGES for each in page.excused]


def prose(name: str) -> str:
    """Return the text of a page without code: a paragraph or a title a line.

    The titles of its sources are their authors' to spell.
    """
    hidden = (nodes.FixedTextElement, nodes.comment)
    return "\n".join(
        "".join(
            leaf.astext()
            for leaf in block.findall(nodes.Text)
            if not isinstance(leaf.parent, nodes.literal)
        ).replace("\n", " ")
        for block in doctree(name).findall(nodes.TextElement)
        if not isinstance(block.parent, nodes.TextElement)
        and not isinstance(block, hidden)
        and not in_sources(block)
    )


def in_sources(node: nodes.Node) -> bool:
    """Say whether a node is in the list of sources that ends a page."""
    while node.parent is not None and "sources" not in node.get("classes", ()):
        node = node.parent
    return node.parent is not None
