"""End each page with the sources of what it says of the platform, each with its day.

A fact that a page shows, such as |boot-timeout|, brings its source with it. For a claim
without a number an author names one of docs/facts.toml, and the claim links to it:

:source:`Heroku builds no other branch <git>`

So no page types an address or a day.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import ReferenceRole

from docs._extensions.facts import FACTS, SOURCES, Source, show_date
from docs._extensions.substitutions import facts_behind

logger = logging.getLogger(__name__)


class SourceRole(ReferenceRole):
    """A claim that is a link to its source."""

    def run(self):
        source = SOURCES.get(self.target, Source("", None))
        if not source.address:
            logger.warning(
                "docs/facts.toml has no source %r with an address",
                self.target,
                location=self.get_location(),
            )
        link = nodes.reference(self.rawtext, self.title, refuri=source.address)
        link["source"] = self.target
        return [link], []


class SourcesOfPage(SphinxTransform):
    """Add the list to the page, and `sourced` to each block that has a source in it."""

    # Before docutils puts substitutions in (220), which leave no name behind.
    default_priority = 210

    def apply(self):
        cited = {}
        for node in self.document.findall(nodes.reference):
            if "source" in node and node["source"] in SOURCES:
                cited.setdefault(SOURCES[node["source"]], [])
                mark(node)
        for node in self.document.findall(nodes.substitution_reference):
            for fact in map(FACTS.get, facts_behind(node["refname"])):
                cited.setdefault(fact.source, []).append(str(fact))
                mark(node)
        if cited:
            self.document[-1] += source_list(cited)


def mark(node: nodes.Node) -> None:
    """Give the block of a text, such as its paragraph, the attribute `sourced`."""
    while not isinstance(node, nodes.TextElement) or isinstance(node, nodes.Inline):
        node = node.parent
    node["sourced"] = "yes"


def source_list(cited: dict[Source, list[str]]) -> nodes.container:
    """Return the list of sources, each with the facts that were read there."""
    items = nodes.bullet_list()
    for source in sorted(cited, key=lambda source: source.title):
        facts = ", ".join(dict.fromkeys(cited[source]))
        title = nodes.Text(source.title)
        if source.address:
            title = nodes.reference("", source.title, refuri=source.address)
        day = f", checked on {show_date(source.checked)}"
        after = nodes.Text(f"{day}: {facts}" if facts else day)
        items += nodes.list_item("", nodes.paragraph("", "", title, after))
    title = nodes.rubric("", "Sources")
    return nodes.container("", title, items, classes=["sources"])


def setup(app: Sphinx):
    app.add_config_value("sources", SOURCES, "env", [dict])
    app.add_role("source", SourceRole())
    app.add_transform(SourcesOfPage)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
