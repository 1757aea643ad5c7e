"""What the pages and the repository's own files name is there.

Paths, settings, values and texts of templates are resolved while a page is built
(docs/_extensions/literals.py); here is what wants a parser, and the lists.
"""

import importlib
import re
from pathlib import Path

import django
import pytest
from django.utils.module_loading import import_string
from docutils import nodes

from docs._extensions import literals
from rehearsal import script
from tests.conftest import ROOT
from tests.support import heroku_cli, programs
from tests.support.pages import SOURCES, commands, doctree, excused


def of_kind(*kinds):
    """Return a test's parameters: the pages' literals of these kinds."""
    return [
        pytest.param(
            literal.astext(), id=f"{name}.rst:{script.line(literal)}-{literal.astext()}"
        )
        for name in SOURCES
        for literal in doctree(name).findall(nodes.literal)
        if literal.get("kind") in kinds
    ]


EVERY = {param.values[0] for param in of_kind("exception", literals.NOT_PERFORMED)}
LABELS = {
    label.astext()
    for name in SOURCES
    for label in doctree(name).findall(nodes.inline)
    if "guilabel" in label["classes"]
}


@pytest.mark.parametrize("text", of_kind("command"))
def test_a_program_takes_the_command(text):
    programs.check(text)


@pytest.mark.parametrize("text", of_kind("wrong"))
def test_no_program_takes_what_is_shown_as_wrong(text):
    if literals.is_command(text):
        with pytest.raises(programs.Refused):
            programs.check(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(each.text, id=f"{each.page}.rst:{each.line}-{each.text}")
        for each in excused()
        if each.prompt == script.PROMPT
    ],
)
def test_a_program_takes_the_command_that_nobody_performs(text):
    programs.check(text)


def options():
    """Return the options of every command of the Heroku CLI, gunicorn's help, and what
    a command of the guide takes."""
    flags = {
        option
        for command in heroku_cli.manifest().values()
        for name, flag in command["flags"].items()
        for option in (f"--{name}", f"-{flag.get('char')}")
    }
    taken = {word for each in commands() for word in each.text.split()}
    return (
        taken
        | flags
        | set(programs.Config().parser().format_help().replace(",", "").split())
    )


@pytest.mark.parametrize("text", of_kind("option"))
def test_the_option_exists(text):
    assert text.split()[0] in options()


@pytest.mark.parametrize("text", of_kind("dotted path"))
def test_the_dotted_path_can_be_imported(text):
    try:
        importlib.import_module(text)
    except ModuleNotFoundError:
        import_string(text)


# The lists --------------------------------------------------------------------


@pytest.mark.parametrize("text", literals.EXCEPTIONS)
def test_an_exception_is_used_and_resolves_to_nothing(text):
    blocks = [*commands(), *excused()]
    assert text in EVERY | {word for each in blocks for word in each.text.split()}
    assert not [kind for kind, is_kind in literals.KINDS.items() if is_kind(text)]


@pytest.mark.parametrize("text", [*literals.SHOWN_BY, *literals.ELSEWHERE])
def test_what_no_command_prints_is_on_a_page(text):
    assert text in EVERY


@pytest.mark.parametrize("text", literals.LABELS)
def test_a_label_of_another_site_is_on_a_page(text):
    assert text in LABELS


@pytest.mark.parametrize("text, place", literals.SHOWN_BY.items())
def test_the_file_shows_the_text(text, place):
    packages = (ROOT, Path(django.__path__[0]).parent)
    (path,) = (folder / place for folder in packages if (folder / place).exists())
    files = path.rglob("*.py") if path.is_dir() else [path]
    assert any(text in file.read_text() for file in files)


# README, workflows, Read the Docs ----------------------------------------------

DOCUMENTS = [path.name for path in ROOT.glob("*.md")]
FOLDERS = (ROOT, ROOT / "docs", ROOT / "rehearsal", ROOT / "tests")


def resolves(text):
    """Say whether a literal of a document names a path, or markup that a page uses."""
    return (
        literals.resolve(text)
        or any(list(folder.glob(text.rstrip("/"))) for folder in FOLDERS)
        or any(text in source for source in SOURCES.values())
    )


def named_by(document):
    """Return a document's literals and its indented commands with their lines."""
    lines = (ROOT / document).read_text().split("\n")
    return [
        pytest.param(text, id=f"{document}:{number}-{text}")
        for number, line in enumerate(lines, 1)
        for text in re.findall(r"`([^`]+)`|^ {4}(\S.*)$", line)
        for text in text
        if text
    ]


@pytest.mark.parametrize("text", [p for name in DOCUMENTS for p in named_by(name)])
def test_what_a_document_names_is_there(text):
    assert resolves(text)
    if literals.is_command(text):
        programs.check(text)


CONFIGURATIONS = [".readthedocs.yaml", *(ROOT / ".github" / "workflows").glob("*.yaml")]


def run_by(configuration):
    source = (ROOT / configuration).read_text()
    targets = re.findall(r"^ *target: \[(.+)\]", source, re.MULTILINE)
    each = targets[0].split(", ") if targets else [""]
    return [
        text.replace('"$TARGET"', target)
        for text in re.findall(r"^ *- (?:run: )?((?:make|\.).*)$", source, re.MULTILINE)
        for target in each
    ]


@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=str)
def test_what_a_machine_runs_is_there(configuration):
    assert run_by(configuration)
    for text in run_by(configuration):
        if text.startswith("make"):
            programs.check(text)
        else:
            assert (ROOT / text).is_file()


@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=str)
def test_the_files_that_a_configuration_names_are_there(configuration):
    source = (ROOT / configuration).read_text()
    for path in re.findall(r"^.*-file: (\S+)$", source, re.MULTILINE):
        assert (ROOT / path).is_file()
