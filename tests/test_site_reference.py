"""The reference lists what the steps have: every command, and where a variable is."""

import re
import shlex

import pytest
from docutils import nodes
from sphinx import addnodes

from rehearsal.script import Command, line
from tests.support.pages import PAGES, commands, doctree

# What a step does in the shell alone, which is nothing to look up.
SHELL = {
    *("cat", "cd", "cp", "echo", "export", "grep", "mv", "sort", "source", "tail"),
    *("tr", "unset"),
}

# Between two commands of a line, outside of quotes.
BETWEEN = re.compile(r"(?:&&|\|)(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)")

# The section for what no step performs.
MORE = "More"


def words(text):
    """Return the words of a command as the list writes them.

    Any variables that are set are one word; versions, numbers, the variable that gets
    the output, the file that is read, and the app outside of its folder, do not count.
    """
    text = re.sub(r"^[A-Z]+=\$\(|< \S+$", "", text)
    text = re.sub(r"^python\d[\d.]*", "python", text.replace("\\\n", " "))
    found = shlex.split(re.sub(r"\d+", "0", re.sub(r" --app [\w-]+", "", text)))
    while re.match(r"[A-Z_]+=", found[0]):
        del found[0]
    assigned = [word for word in found if re.match(r"[A-Z_]+=", word)]
    return [word for word in found if word not in assigned] + ["NAME=VALUE"] * bool(
        assigned
    )


def performed(some):
    """Return the place and the words of each of some commands, but not the shell's."""
    return [
        (f"docs/{command.page}.rst:{command.line}: {part.strip()}", words(part))
        for command in some
        for part in re.split(BETWEEN, command.text)
        if part.split()[0] not in SHELL or command.text == "cp .env.example .env"
    ]


def meant():
    """Return the commands of the pages but for those that make and show a failure."""
    steps = [step for page in PAGES for step in page.steps[page.mistakes :]]
    return [step for step in steps if isinstance(step, Command)]


def listed():
    """Return section, place and words of each command in reference/commands."""
    return [
        (
            section[0].astext(),
            f"docs/reference/commands.rst:{line(literal)}: {literal.astext()}",
            words(literal.astext()),
        )
        for section in doctree("reference/commands").findall(nodes.section)
        for row in section.findall(nodes.row)
        if section.parent.parent is not None
        for literal in row[-1].findall(nodes.literal)
    ]


def covers(entry, command):
    """Say whether a list's entry stands for a command: capitals for anything, and
    at its end for any words."""
    if is_placeholder(entry[-1]) and len(command) >= len(entry):
        command = [*command[: len(entry) - 1], entry[-1]]
    return len(entry) == len(command) and all(
        one == other or is_placeholder(one)
        for one, other in zip(entry, command, strict=True)
    )


def is_placeholder(word):
    return re.fullmatch(r"[A-Z][A-Z@.=]+", word) is not None


@pytest.mark.parametrize(
    "place, command", [pytest.param(*each, id=each[0]) for each in performed(meant())]
)
def test_a_command_of_a_step_is_in_the_list(place, command):
    entries = [entry for section, _, entry in listed() if section != MORE]
    assert any(covers(entry, command) for entry in entries), (
        f"{place}\nis not in docs/reference/commands.rst: add it there, with its task"
    )


@pytest.mark.parametrize(
    "section, place, entry", [pytest.param(*each, id=each[1]) for each in listed()]
)
def test_a_listed_command_is_of_a_step_or_under_more(section, place, entry):
    on = [step for step, command in performed(commands()) if covers(entry, command)]
    if section == MORE:
        assert not on, f"{place}\nis performed, at {on[0]}: move it out of {MORE!r}"
    else:
        assert on, f"{place}\nis performed by no step: move it to the section {MORE!r}"


def pages_of_variables():
    """Yield each variable of reference/config-vars and the page of its field Page."""
    for description in doctree("reference/config-vars").findall(addnodes.desc):
        for field in description.findall(nodes.field):
            if field[0].astext() == "Page":
                (link,) = field.findall(addnodes.pending_xref)
                yield description[0].astext(), link["reftarget"].removeprefix("/")


@pytest.mark.parametrize("variable, page", [*pages_of_variables()])
def test_the_page_of_a_variable_names_it(variable, page):
    assert re.search(rf"\b{variable}\b", doctree(page).astext()), (
        f"docs/reference/config-vars.rst sends the reader of {variable} to {page}, "
        "which does not name it"
    )
