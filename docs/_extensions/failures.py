"""The index of failures, from the pages of docs/troubleshooting/.

Such a page has fields above its title: at which `:stage:` the failure is met, and the
error text that it `:shows:`. Of a page that shows none, the terms of its lists have
such texts. Each becomes an entry of the index, and so of the search, on that page; one
with a code, as H10, in each form in which a log has it.

.. code-block:: rst

   .. failures:: title

   .. failures:: text

   .. failures:: stage

      local
         On your own machine.

show the pages of the toctrees here by their titles, by these entries, or by stage,
where each stage is a term of a list with what the page says about it.
"""

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

from docs._extensions.facts import FACTS
from docs._extensions.overview import table
from docs._extensions.substitutions import CODE

FOLDER = "troubleshooting/"
# What the log says has a code, as H10.
CODES = [name for name in FACTS if CODE.fullmatch(name)]

logger = logging.getLogger(__name__)


# Entries ----------------------------------------------------------------------


class FailureEntries(SphinxTransform):
    """Add the entries of a failure's page, where Sphinx's index collects them."""

    # When docutils has put the substitutions in (220) and found the fields (340).
    default_priority = 400

    def apply(self):
        name = self.env.docname
        if not name.startswith(FOLDER) or name == f"{FOLDER}index":
            return
        if shown := field(self.document, "shows"):
            self.add(self.document.next_node(nodes.section), [shown])
            return
        for item in list(self.document.findall(nodes.definition_list_item)):
            self.add(item[0], told(item[0]))

    def add(self, target: nodes.Element, texts: list[str]) -> None:
        if not target["ids"]:
            self.document.set_id(target)
        # The search puts a main entry before the words of other pages.
        entries = [
            ("single", form, target["ids"][0], "main", None)
            for text in texts
            for form in forms(text)
        ]
        section = self.document.next_node(nodes.section)
        section.insert(1, addnodes.index(entries=entries))


def field(document: nodes.document, name: str) -> str:
    """Return a field above the title of a page, or "" if it is not there."""
    for each in document.findall(nodes.field):
        if each[0].astext() == name:
            return each[1].astext()
    return ""


def told(term: nodes.term) -> list[str]:
    """Return the error texts in a term: its codes, and what is printed."""
    literals = term.findall(nodes.literal)
    printed = [each.astext() for each in literals if "printed" in each["classes"]]
    return codes(term.astext()) + printed


def codes(text: str) -> list[str]:
    return [code for code in CODE.findall(text) if code in CODES]


def forms(text: str) -> list[str]:
    """Return a text with what else a log or a reader writes for its code."""
    found = [text]
    for code in codes(text):
        description = FACTS[code].value
        logged = (
            f'code={code} desc="{description}"'
            if code.startswith("H")
            else f"Error {code} ({description})"
        )
        found += [code, logged, description]
    return list(dict.fromkeys(found))


# Lists ------------------------------------------------------------------------


class failures(nodes.Element):
    """The place of a list, which `by` says."""


class Failures(SphinxDirective):
    required_arguments = 1
    has_content = True

    def run(self):
        [by] = self.arguments
        if by not in LISTS:
            raise self.error(f"failures are listed by {', '.join(LISTS)}, not {by!r}")
        return [failures("", *self.parse_content_to_nodes(), by=by)]


class FailureLists(SphinxPostTransform):
    """Write the lists, when every page has been read."""

    # Before the references are resolved, to which this adds some.
    default_priority = 5

    def run(self):
        toctrees = self.document.findall(addnodes.toctree)
        pages = [page for each in toctrees for page in each["includefiles"]]
        for place in list(self.document.findall(failures)):
            place.replace_self(LISTS[place["by"]](self, pages, place))

    def by_title(self, pages: list[str], _) -> nodes.Node:
        found = [page for page in pages if self.stage(page)]
        found.sort(key=lambda page: alphabetical(self.env.titles[page].astext()))
        rows = [(self.link(page), nodes.Text(self.stage(page))) for page in found]
        return table(["What you see", "Stage"], rows)

    def by_text(self, pages: list[str], _) -> nodes.Node:
        domain = self.env.domains.index_domain
        entries = [
            (text, page, target)
            for page in pages
            for _, text, target, main, _ in domain.entries.get(page, [])
            if main
        ]
        entries.sort(key=lambda entry: alphabetical(entry[0]))
        rows = [
            (nodes.literal("", text), self.link(page, target))
            for text, page, target in entries
        ]
        listed = table(["Error text", "Page"], rows)
        listed["classes"].append("stacked")
        return listed

    def by_stage(self, pages: list[str], place: failures) -> list[nodes.Node]:
        items = {item[0].astext(): item for item in place.findall(is_item)}
        for page in pages:
            if (stage := self.stage(page)) and stage not in items:
                message = ":stage: is %r, and the index of failures has %s"
                logger.warning(message, stage, ", ".join(items), location=page)
        for stage, item in items.items():
            found = [page for page in pages if self.stage(page) == stage]
            links = [nodes.paragraph("", "", self.link(page)) for page in found]
            if links:
                listed = [nodes.list_item("", each) for each in links]
                item[-1] += nodes.bullet_list("", *listed)
        return place.children

    def stage(self, page: str) -> str:
        return self.env.metadata[page].get("stage", "")

    def link(self, page: str, target: str = "") -> nodes.reference:
        title = nodes.inline("", "", *self.env.titles[page].deepcopy().children)
        here = self.env.current_document.docname
        return make_refnode(self.app.builder, here, page, target, title)


LISTS = {
    "title": FailureLists.by_title,
    "text": FailureLists.by_text,
    "stage": FailureLists.by_stage,
}


def is_item(node: nodes.Node) -> bool:
    return isinstance(node, nodes.definition_list_item)


def alphabetical(text: str) -> str:
    """Return what puts a text among others: its letters, in either case."""
    return re.sub(r"\W+", " ", text).strip().lower()


def setup(app: Sphinx):
    app.add_directive("failures", Failures)
    app.add_transform(FailureEntries)
    app.add_post_transform(FailureLists)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
