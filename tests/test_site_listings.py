"""What the pages show of the example is the example, all of it and once."""

import ast
import importlib
import itertools
import json
import re
import textwrap

import pytest
from docutils import nodes
from sphinx import addnodes

from rehearsal.reader.project import APP_OWNED, DEPLOYABLE, blocks, is_app_owned
from rehearsal.script import caption, line
from tests.support.pages import (
    EXAMPLE,
    HISTORY,
    SOURCES,
    commands,
    doctree,
    excused,
    listings,
)


def listing_id(listing):
    return f"{listing.page}-{listing.path}-line{listing.line}"


def settings_tree():
    return ast.parse((EXAMPLE / "staff" / "settings.py").read_text())


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
        assert "source" in listing[1], (
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


# The environment -------------------------------------------------------------


def read_by_settings(optional):
    """Return the variables that settings.py reads, those with a default or the rest."""
    return {
        call.args[0].value
        for call in ast.walk(settings_tree())
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "env"
        and isinstance(call.args[0], ast.Constant)
        and optional == any(keyword.arg == "default" for keyword in call.keywords)
    }


REQUIRED = read_by_settings(optional=False)
OPTIONAL = read_by_settings(optional=True)

# The database add-on sets it.
SET_BY_HEROKU = {"DATABASE_URL"}


def declared(section_title):
    """Return the variables that a section of reference/config-vars declares."""
    return {
        signature.astext()
        for section in doctree("reference/config-vars").findall(nodes.section)
        if section[0].astext() == section_title
        for description in section.findall(addnodes.desc)
        if description["objtype"] == "envvar"
        for signature in description.findall(addnodes.desc_signature)
    }


def assigned(command):
    return set(re.findall(r"(?<![\w.])([A-Z][A-Z_]+)=", command))


def test_settings_have_variables():
    assert "SECRET_KEY" in REQUIRED
    assert "DEBUG" in OPTIONAL


def test_every_variable_is_declared_in_the_reference():
    assert declared("Variables you set") == REQUIRED | OPTIONAL


def test_every_variable_is_in_the_example_environment():
    assert assigned((EXAMPLE / ".env.example").read_text()) == REQUIRED | OPTIONAL


@pytest.mark.parametrize(
    "command",
    [
        each.text
        for each in (*commands(), *excused())
        if each.page == "deploy/create" and "heroku config:set" in each.text
    ],
    ids=["macOS and Linux", "Windows PowerShell"],
)
def test_every_required_variable_is_set_before_the_push(command):
    assert assigned(command) == REQUIRED - SET_BY_HEROKU


def test_the_database_is_created_before_the_push():
    texts = [each.text for each in commands() if each.page == "deploy/create"]
    assert any("addons:create heroku-postgresql" in text for text in texts)


def test_every_required_variable_is_in_app_json():
    described = json.loads((EXAMPLE / "app.json").read_text())["env"]
    assert set(described) == REQUIRED - SET_BY_HEROKU


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
