"""What the pages show of the example is the example, all of it and once."""

import ast
import importlib
import itertools
import re
import textwrap

import pytest
from docutils import nodes

from rehearsal.reader.project import APP_OWNED, DEPLOYABLE, blocks, is_app_owned
from rehearsal.script import caption, line
from tests.support.pages import (
    EXAMPLE,
    FAILURES,
    HISTORY,
    SOURCES,
    STEPS,
    doctree,
    listings,
)


def listing_id(listing):
    return f"{listing.page}-{listing.path}-line{listing.line}"


def captioned(name):
    """Return the blocks of a page that bear a file's name, each in its container."""
    blocks = doctree(name).findall(nodes.literal_block)
    return [block.parent for block in blocks if caption(block)]


def code(listing):
    """Return the name of a listed file, and its lines without the comments."""
    lines = listing.astext().splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def named_above(listing):
    """Return the code, files and variables that the paragraph above a listing names."""
    above = listing.parent[listing.parent.index(listing) - 1]
    if not isinstance(above, nodes.paragraph):
        return set()
    return {literal.astext() for literal in above.findall(nodes.literal)}


def fits(listing, words):
    return any(word in code(listing) for word in words)


def place(name, listing):
    return f"docs/{name}.rst:{line(listing[1])}: {listing[0].astext()}"


@pytest.mark.parametrize("name", SOURCES)
def test_every_listing_is_an_include(name):
    for listing in captioned(name):
        assert "source" in listing[1] or listing[1]["language"] == "diff", (
            f"{place(name, listing)} is typed: cut it out of example/ with "
            "literalinclude"
        )


@pytest.mark.parametrize("name", SOURCES)
def test_the_paragraph_above_a_listing_names_something_in_it(name):
    for listing in captioned(name):
        words = named_above(listing)
        assert fits(listing, words), (
            f"{place(name, listing)} holds none of {sorted(words) or 'no words'}: name "
            "in the paragraph above it what it is about, as ``code`` or :file:"
        )


@pytest.mark.parametrize("name", SOURCES)
def test_listings_cannot_be_exchanged(name):
    for one, other in itertools.combinations(captioned(name), 2):
        # The mistake and its fix are about the same lines.
        languages = {one[1]["language"], other[1]["language"]}
        if name.startswith("troubleshooting/") and "diff" in languages:
            continue
        assert not (fits(one, named_above(other)) and fits(other, named_above(one))), (
            f"{place(name, one)} and {place(name, other)} could be exchanged: name "
            "above one of them something that is in that one only"
        )


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
        if listing.path == path and listing.page in STEPS:
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


# The module that gunicorn serves ---------------------------------------------


def procfile_module():
    procfile = (EXAMPLE / "Procfile").read_text()
    return re.search(r"^web: gunicorn .*?([\w.]+)$", procfile, re.M).group(1)


def test_procfile_names_the_module_of_wsgi_application():
    settings = importlib.import_module("staff.settings")
    assert settings.WSGI_APPLICATION == procfile_module() + ".application"


def test_procfile_names_a_module_with_an_application():
    assert callable(importlib.import_module(procfile_module()).application)


@pytest.mark.parametrize("name", sorted({*SOURCES} - {HISTORY, *FAILURES}))
def test_page_names_the_module_of_the_procfile(name):
    assert set(re.findall(r"\b\w+\.wsgi\b", SOURCES[name])) <= {
        procfile_module(),
        "mysite.wsgi",
    }
