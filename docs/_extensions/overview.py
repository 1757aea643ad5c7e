"""Show a toctree as a table: each page with one of the fields above its title.

.. code-block:: rst

   .. overview::
      :caption: Deployment
      :field: minutes

      deploy/account
      deploy/cli

So a page's order is said in one place, and its minutes on the page itself.
https://www.sphinx-doc.org/en/master/usage/restructuredtext/field-lists.html#file-wide-metadata
"""

from collections.abc import Iterable

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.directives.other import TocTree
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

logger = logging.getLogger(__name__)


class Overview(TocTree):
    """A toctree that its page shows as a table of titles and `field`.

    `caption` is the head of the titles' column, and the menu's as in any toctree.
    """

    option_spec = {
        "caption": directives.unchanged_required,
        "field": directives.unchanged_required,
    }

    def run(self):
        if missing := set(self.option_spec) - set(self.options):
            raise self.error(f"an overview wants :{missing.pop()}:")
        [wrapper] = super().run()
        [toctree] = wrapper
        toctree["hidden"] = True
        toctree["field"] = self.options["field"]
        return [wrapper]


class FieldsAsTyped(SphinxTransform):
    """Keep the quotes of a field above a title: an error's text has straight ones."""

    # Before those of prose are made typographic (750).
    default_priority = 700

    def apply(self):
        for fields in self.document.findall(nodes.docinfo):
            fields["support_smartquotes"] = False


class OverviewTables(SphinxPostTransform):
    """Put the table before its toctree, when every page has been read."""

    # Before the references are resolved, to which this adds some.
    default_priority = 5

    def run(self):
        for toctree in list(self.document.findall(addnodes.toctree)):
            if "field" in toctree:
                toctree.parent.insert(0, self.table(toctree))

    def table(self, toctree: addnodes.toctree) -> nodes.table:
        field = toctree["field"]
        rows = [
            (link(page, toctree["parent"]), nodes.Text(self.value(page, field)))
            for page in toctree["includefiles"]
        ]
        return table([toctree["caption"], field.title()], rows)

    def value(self, page: str, field: str) -> str:
        value = self.env.metadata[page].get(field)
        if value is None:
            logger.warning("no :%s: is above the title", field, location=page)
        return value or ""


def table(heads: list[str], rows: Iterable[Iterable[nodes.Node]]) -> nodes.table:
    """Return a table of cells, which are text or inline nodes."""
    head = nodes.thead("", row(*map(nodes.Text, heads)))
    body = nodes.tbody("", *(row(*cells) for cells in rows))
    columns = [nodes.colspec() for _ in heads]
    group = nodes.tgroup("", *columns, head, body, cols=len(columns))
    return nodes.table("", group, classes=["colwidths-auto"])


def row(*cells: nodes.Node) -> nodes.row:
    entries = (nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells)
    return nodes.row("", *entries)


def link(page: str, parent: str) -> addnodes.pending_xref:
    """Return what ``:doc:`` makes of a page, with the page's title as its text."""
    return addnodes.pending_xref(
        "",
        nodes.inline(),
        refdomain="std",
        reftype="doc",
        reftarget=f"/{page}",
        refexplicit=False,
        refwarn=True,
        refdoc=parent,
    )


def setup(app: Sphinx):
    app.add_directive("overview", Overview)
    app.add_transform(FieldsAsTyped)
    app.add_post_transform(OverviewTables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
