"""What the pages show of the example is the example, all of it and once."""

import ast
import importlib
import re
import textwrap
from dataclasses import dataclass

import pytest
from docutils import nodes

from rehearsal.reader.project import APP_OWNED, DEPLOYABLE, blocks, is_app_owned
from tests.support.pages import (
    DOCS,
    EXAMPLE,
    HISTORY,
    PAGES,
    SOURCES,
    doctree,
    listings,
)

# Sphinx's doctrees do not keep the options of a directive, so they are read from the
# source; test_every_listing_is_an_include proves that the pattern misses none.
INCLUDE = re.compile(r"^( *)\.\. literalinclude:: *(\S+)\n((?:\1 +:.+\n)*)", re.M)
OPTION = re.compile(r"^ *:([\w-]+): *(.*)$", re.M)

BOUNDS = {"start-at", "start-after", "end-at", "end-before"}


@dataclass(frozen=True)
class Include:
    page: str
    path: str  # from docs/ or the page's folder
    options: dict[str, str]

    @property
    def file(self):
        return (DOCS / self.page).parent / self.path

    def __str__(self):
        start = self.options.get("start-at", "whole")
        return f"{self.page}-{self.file.name}-{start}"


INCLUDES = [
    Include(name, path, dict(OPTION.findall(options)))
    for name, source in SOURCES.items()
    for _, path, options in INCLUDE.findall(source)
]


def listing_id(listing):
    return f"{listing.page}-{listing.path}-line{listing.line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_listing_is_an_include(page):
    captions = [include for include in INCLUDES if include.page == page.name]
    shown = [listing for listing in listings() if listing.page == page.name]
    assert len(shown) == len(captions)
    assert len(captions) == SOURCES[page.name].count(".. literalinclude::")


@pytest.mark.parametrize("include", INCLUDES, ids=str)
def test_listing_is_cut_at_words_and_not_at_line_numbers(include):
    allowed = {"caption", "language", "pyobject", *BOUNDS}
    assert set(include.options) <= allowed


@pytest.mark.parametrize("name", SOURCES)
def test_no_line_numbers_in_blocks(name):
    assert not re.findall(
        r":(?:lines|emphasize-lines|lineno\S*|linenos):", SOURCES[name]
    )


@pytest.mark.parametrize("include", INCLUDES, ids=str)
def test_start_and_end_texts_occur_once(include):
    lines = include.file.read_text().splitlines()
    for option in BOUNDS & set(include.options):
        text = include.options[option]
        found = [number for number, line in enumerate(lines, 1) if text in line]
        assert len(found) == 1, f":{option}: {text} is on lines {found}"


@pytest.mark.parametrize("listing", listings(), ids=listing_id)
def test_caption_is_the_path_of_the_listed_file(listing):
    file = EXAMPLE / listing.path
    assert file.is_file()
    assert file.read_text().count(listing.text.rstrip("\n")) == 1


@pytest.mark.parametrize(
    "listing",
    [each for each in listings() if each.path.endswith(".py")],
    ids=listing_id,
)
def test_python_listing_parses(listing):
    ast.parse(textwrap.dedent(listing.text))


@pytest.mark.parametrize("path", DEPLOYABLE)
def test_every_line_is_shown_once(path):
    source = (EXAMPLE / path).read_text()
    shown_on = {number: [] for number in range(1, source.count("\n") + 1)}
    for listing in listings():
        if listing.path == path:
            piece = listing.text.rstrip("\n")
            first = source[: source.index(piece)].count("\n") + 1
            for number in range(first, first + piece.count("\n") + 1):
                shown_on[number].append(listing.page)
    for number in app_owned_lines(source) if path == "staff/settings.py" else ():
        shown_on[number].append("APP_OWNED of rehearsal/reader/project.py")
    lines = source.splitlines()
    wrong = {
        f"{path}:{number} {lines[number - 1]}": places or "shown nowhere"
        for number, places in shown_on.items()
        if lines[number - 1].strip() and len(places) != 1
    }
    assert not wrong


def app_owned_lines(source):
    """Yield the numbers of the lines that APP_OWNED excuses, comments included."""
    for name, text in blocks(source).items():
        if is_app_owned(name):
            first = source[: source.index(text)].count("\n") + 1
            yield from range(first, first + text.count("\n"))


@pytest.mark.parametrize("name", APP_OWNED)
def test_app_owned_setting_exists_and_has_a_reason(name):
    assert APP_OWNED[name]
    settings = blocks((EXAMPLE / "staff" / "settings.py").read_text())
    assert any(
        key == name or (name.endswith("_") and key.startswith(name)) for key in settings
    )


# Names ------------------------------------------------------------------------

GONE = {"STATICFILES_STORAGE": "the page tells what has taken its place"}


def declared_anywhere():
    source = SOURCES["reference/config-vars"]
    return set(re.findall(r"^\.\. envvar:: (\w+)$", source, re.M))


@pytest.mark.parametrize("name", SOURCES)
def test_settings_that_prose_names_exist(name):
    named = {
        literal.astext()
        for literal in doctree(name).findall(nodes.literal)
        if re.fullmatch(r"[A-Z][A-Z_]{3,}", literal.astext())
    }
    source = (EXAMPLE / "staff" / "settings.py").read_text()
    known = set(re.findall(r"\b[A-Z][A-Z_]+\b", source))
    assert named <= known | declared_anywhere() | set(GONE)


# The module that gunicorn serves ---------------------------------------------


def procfile_module():
    procfile = (EXAMPLE / "Procfile").read_text()
    return re.search(r"^web: gunicorn .*?([\w.]+)$", procfile, re.M).group(1)


def test_procfile_names_the_module_of_wsgi_application():
    settings = importlib.import_module("staff.settings")
    assert settings.WSGI_APPLICATION == procfile_module() + ".application"


def test_procfile_names_a_module_with_an_application():
    assert callable(importlib.import_module(procfile_module()).application)


@pytest.mark.parametrize("name", [name for name in SOURCES if name != HISTORY])
def test_page_names_the_module_of_the_procfile(name):
    assert set(re.findall(r"\b\w+\.wsgi\b", SOURCES[name])) <= {procfile_module()}
