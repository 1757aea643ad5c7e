"""The reference has what the pages have: their commands, and their variables."""

import re

import pytest
from docutils import nodes
from sphinx import addnodes

from rehearsal.script import EXCUSED
from tests.conftest import ROOT
from tests.support.pages import doctree
from tests.test_site_pages import run_sphinx

COMMANDS = """\
.. list-table::
   :class: commands
   :header-rows: 1

   * - Task
     - Command
   * - commit
     - ``git commit --message MESSAGE``
   * - look
     - ``git status``

.. list-table::
   :class: commands not-performed
   :header-rows: 1

   * - Task
     - Command
   * - ask
     - ``heroku status``
"""


def session(*commands):
    return ".. code-block:: console\n\n" + "".join(f"   $ {c}\n" for c in commands)


def build_guide(folder, *pages):
    """Build a guide of the table and pages with these bodies; return its errors and
    the table's page."""
    names = [f"page-{number}" for number, _ in enumerate(pages, 1)]
    toctree = ".. toctree::\n\n" + "".join(f"   {name}\n" for name in names)
    (folder / "index.rst").write_text(f"Guide\n=====\n\n{COMMANDS}\n{toctree}")
    for name, body in zip(names, pages, strict=True):
        page = folder / f"{name}.rst"
        text = f"{name.title()}\n======\n\n{body}"
        if not page.exists() or page.read_text() != text:
            page.write_text(text)
    built = run_sphinx(folder, "html")
    return built.stderr, (folder / "build" / "index.html").read_text()


def cells(html):
    """Return the texts of each row of a page's tables."""
    rows = re.findall(r"<tr.*?</tr>", html, re.DOTALL)
    return [
        [
            " ".join(re.sub(r"<.*?>", " ", cell).split())
            for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)
        ]
        for row in rows
    ]


COMMIT = session('git commit --message "Once"')
BOTH = session("git status", 'git commit --message "Twice"')


def test_a_listed_command_has_the_first_pages_that_perform_it(tmp_path):
    errors, html = build_guide(tmp_path, BOTH, COMMIT, COMMIT, COMMIT, COMMIT)
    assert not errors
    pages = "Page-1 Page-2 Page-3 and 2 more"
    assert ["commit", "git commit --message MESSAGE", pages] in cells(html)
    assert ["look", "git status", "Page-1"] in cells(html)


def test_a_command_that_no_page_performs_is_marked(tmp_path):
    _, html = build_guide(tmp_path, BOTH)
    assert ["ask", "heroku status", "not performed"] in cells(html)


def test_a_command_that_is_excused_is_marked_with_the_reason():
    """On the built page: a scratch guide has no reason of its own."""
    html = (ROOT / "build" / "html" / "reference" / "commands.html").read_text()
    [[_, _, pages]] = [row for row in cells(html) if "pip list --outdated" in str(row)]
    assert pages.startswith(
        f"not performed: {EXCUSED['python -m pip list --outdated']} "
    )


def test_the_table_follows_a_page_that_has_changed(tmp_path):
    build_guide(tmp_path, BOTH, "Nothing yet.")
    errors, html = build_guide(tmp_path, BOTH, COMMIT)
    assert not errors
    pages = "Page-1 Page-2"
    assert ["commit", "git commit --message MESSAGE", pages] in cells(html)


@pytest.mark.parametrize(
    "body, message",
    [
        (
            f"{BOTH}   $ git log\n",
            "page-1.rst:4: WARNING: no table of docs/index.rst has this command: add "
            "it there, with its task: git log",
        ),
        (COMMIT, "index.rst:13: WARNING: git status is on no page"),
        (
            f"{BOTH}   $ heroku status\n",
            "heroku status is performed, at docs/page-1.rst:4",
        ),
        ("..  code-block:: console\n\n   git status", "begins without the prompt"),
    ],
)
def test_the_build_refuses(tmp_path, body, message):
    errors, _ = build_guide(tmp_path, body)
    assert message in errors


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
