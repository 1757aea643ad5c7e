"""Complete the tables of reference/commands from what the pages perform.

A table of tasks and their commands, in which words in capitals stand for anything:

.. code-block:: rst

   .. list-table::
      :class: commands

      * - Task
        - Command
      * - see the version of git
        - ``git --version``

gets a column with the pages on which a rehearsal performs such a command; or with the
reason that rehearsal/script.py has for not performing it. In a table that is
`not-performed` too stand commands that no page has. A command of a page that no table
has is a warning, and so an error of the build.
"""

import re
import shlex
from dataclasses import dataclass

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from docs._extensions.overview import link
from rehearsal import script
from rehearsal.script import Command, Page

# What a page does in the shell alone, which is nothing to look up.
SHELL = {
    *("cat", "cd", "cp", "echo", "export", "grep", "mv", "sort", "source", "tail"),
    "tr",
    "unset",
}
LOOKED_UP = "cp .env.example .env"

# Between two commands of a line, outside of quotes.
BETWEEN = re.compile(r"(?:&&|\||;)(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)")

# Links in a row, to the first of the pages: all would hide the tasks.
MOST_LINKS = 3

# The class of a table whose commands no page performs.
NOT_PERFORMED = "not-performed"

logger = logging.getLogger(__name__)


# Forms ------------------------------------------------------------------------


def form_of(text: str) -> list[str]:
    """Return the words of a command as the tables write them.

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


def parts(command: str) -> list[str]:
    """Return the commands of a line, without the shell's own."""
    return [
        part
        for part in map(str.strip, re.split(BETWEEN, command))
        if part.split()[0] not in SHELL or command == LOOKED_UP
    ]


def covers(listed: list[str], performed: list[str]) -> bool:
    """Say whether one form stands for another: capitals for anything, and at its end
    for any words."""
    if is_placeholder(listed[-1]) and len(performed) >= len(listed):
        performed = [*performed[: len(listed) - 1], listed[-1]]
    return len(listed) == len(performed) and all(
        one == other or is_placeholder(one)
        for one, other in zip(listed, performed, strict=True)
    )


def is_placeholder(word: str) -> bool:
    return re.fullmatch(r"[A-Z][A-Z@.=]+", word) is not None


# Uses -------------------------------------------------------------------------


@dataclass(frozen=True)
class Use:
    """A command of a page in its form; a mistake is no example to be listed.

    `excuse` is the reason for which no rehearsal performs it, or "".
    """

    page: str
    line: int
    text: str
    form: list[str]
    is_mistake: bool = False
    excuse: str = ""


def uses(page: Page) -> list[Use]:
    """Return the commands of a page, those of PowerShell apart."""
    found = [
        Use(page.name, step.line, part, form_of(part), number < page.mistakes)
        for number, step in enumerate(page.steps)
        if isinstance(step, Command)
        for part in parts(step.text)
    ]
    return found + [
        Use(page.name, each.line, part, form_of(part), excuse=each.reason)
        for each in page.excused
        if each.prompt == script.PROMPT
        for part in parts(each.text)
    ]


class CommandTables(SphinxPostTransform):
    """Complete the tables, when every page has been read."""

    # Before the references are resolved, to which this adds some.
    default_priority = 5

    def run(self):
        tables = [
            table
            for table in self.document.findall(nodes.table)
            if "commands" in table["classes"]
        ]
        if not tables:
            return
        found = [use for name in self.pages() for use in self.uses(name)]
        for table in tables:
            complete(table, found, self.env.current_document.docname)
        self.check_all_are_listed(tables, found)

    def pages(self) -> list[str]:
        root = self.config.root_doc
        return script.toctree_order(self.env.toctree_includes, root)

    def uses(self, name: str) -> list[Use]:
        try:
            doctree = self.env.get_doctree(name)
            return uses(script.read_page(name, doctree, script.EXCUSED))
        except ValueError as wrong:
            logger.warning("%s", wrong, location=name)
            return []

    def check_all_are_listed(self, tables: list[nodes.table], found: list[Use]) -> None:
        forms = [
            form_of(each.astext())
            for table in tables
            for row in rows(table)
            for each in row[1].findall(nodes.literal)
        ]
        for use in found:
            needed = not use.is_mistake and not use.excuse
            if needed and not any(covers(each, use.form) for each in forms):
                logger.warning(
                    "no table of docs/%s.rst has this command: add it there, with "
                    "its task: %s",
                    self.env.current_document.docname,
                    use.text,
                    location=(use.page, use.line),
                )


def complete(table: nodes.table, found: list[Use], page: str) -> None:
    """Add the column to the table of a page."""
    table["classes"].append("stacked")
    group = table.next_node(nodes.tgroup)
    group["cols"] += 1
    group.insert(2, nodes.colspec(colwidth=50))
    group.next_node(nodes.thead)[0] += nodes.entry("", nodes.paragraph("", "Pages"))
    for row in rows(table):
        of_row = [
            use
            for literal in row[1].findall(nodes.literal)
            for use in uses_of(literal, found, NOT_PERFORMED in table["classes"])
        ]
        reasons = [nodes.Text(each) for each in excuses(of_row)]
        names = dict.fromkeys(use.page for use in found if use in of_row)
        links = [link(name, page) for name in [*names][:MOST_LINKS]]
        if len(names) > MOST_LINKS:
            links.append(nodes.Text(f"and {len(names) - MOST_LINKS} more"))
        lines = [nodes.paragraph("", "", each) for each in (*reasons, *links)]
        row += nodes.entry("", *lines)


def rows(table: nodes.table) -> nodes.tbody:
    return table.next_node(nodes.tbody)


def uses_of(literal: nodes.literal, found: list[Use], more: bool) -> list[Use]:
    """Return the uses of a listed command; warn if it is in the wrong table.

    `more`: it is in one for commands that no page performs.
    """
    listed = form_of(literal.astext())
    of_it = [use for use in found if covers(listed, use.form)]
    performed = [use for use in of_it if not use.excuse]
    if performed and more:
        place = f"docs/{performed[0].page}.rst:{performed[0].line}"
        warn(literal, f"is performed, at {place}: move it to the table of its task")
    if not of_it and not more:
        warn(literal, "is on no page: move it to the table that is not-performed")
    return performed or of_it


def excuses(of_row: list[Use]) -> list[str]:
    """Return what a row says of commands that are not performed."""
    if not of_row:
        return ["not performed"]
    reasons = dict.fromkeys(use.excuse for use in of_row if use.excuse)
    return [f"not performed: {reason}" for reason in reasons]


def warn(literal: nodes.literal, message: str) -> None:
    logger.warning("%s %s", literal.astext(), message, location=literal.parent)


def setup(app: Sphinx):
    app.add_post_transform(CommandTables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
