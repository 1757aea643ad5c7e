"""What a page says of the platform has a source, which the page names at its end."""

import re

import pytest
from docutils import nodes

from docs._extensions.facts import FACTS, SOURCES, show_date
from docs._extensions.substitutions import SUMS, WORKERS, substitutions
from rehearsal.script import line
from tests.support import pages
from tests.support.pages import doctree, in_sources
from tests.test_site_links import texts

# Whom a sentence is about, and what makes it a claim that a reader may want to check.
PLATFORM = (
    r"Heroku|[Rr]outer|[Dd]ynos?\b|[Bb]uildpack|Gmail|\b(the build|CLI|Eco|Basic)\b"
)
CLAIMS = {
    "a price": r"US\$|\b(free|pay|paid|costs?|price|bill(s|ed|ing)|cards?|charged?)\b",
    "a year": r"\b(20\d\d|since|deprecated|withdrawn|end(s|ed)|end of life)\b",
    "a limit": r"\b(at most|limit|maximum|refuses|only|always|never|at once|within)\b",
}

# Sentences that read like a claim about the platform, with what they are about.
OURS = {
    "A rehearsal runs all of it": "the rehearsal",
    "The platform is a local stand-in": "the stand-in",
    "which sends only what is committed": "git",
}


def claims(name):
    """Yield kind, line and text of each sentence that makes a claim without a source.

    A table needs no reading: its numbers are substitutions, or the build warns.
    """
    for block in doctree(name).findall(nodes.TextElement):
        code = isinstance(block, (nodes.Inline, nodes.FixedTextElement))
        sourced = "sourced" in block or in_sources(block)
        if code or sourced or isinstance(block.parent.parent, nodes.row):
            continue
        for sentence in re.split(r"(?<=[.?!])\s+", block.astext()):
            for kind, pattern in CLAIMS.items():
                if re.search(PLATFORM, sentence) and re.search(pattern, sentence):
                    yield kind, line(block), " ".join(sentence.split())


def is_ours(sentence):
    return any(text in sentence for text in OURS)


@pytest.mark.parametrize("name", pages.SOURCES)
def test_a_claim_with_a_price_a_year_or_a_limit_has_its_source_beside_it(name):
    found = [
        f"docs/{name}.rst:{number}: {kind} without a source: {sentence}"
        for kind, number, sentence in claims(name)
        if not is_ours(sentence)
    ]
    assert not found, "\n".join(
        [
            *found,
            "Write the number as a substitution of docs/facts.toml, or link the claim "
            "to one of the sources there: :source:`the claim <git>`. Is it not about "
            "the platform? Then say so in OURS.",
        ]
    )


@pytest.mark.parametrize("text", OURS)
def test_what_only_reads_like_a_claim_is_on_a_page(text):
    found = (sentence for name in pages.SOURCES for *_, sentence in claims(name))
    assert any(text in sentence for sentence in found)


def shown_on(name):
    """Return the facts that a page shows, and the names of what its claims link to."""
    source = pages.SOURCES[name]
    shown = set(re.findall(r"\|([\w-]+)\|", source))
    for worked_out in shown & {*SUMS, *WORKERS}:
        shown |= {*SUMS.get(worked_out, ()), WORKERS.get(worked_out)}
    linked = re.findall(r":source:`[^`<]+<([\w-]+)>`", source)
    return [FACTS[each] for each in sorted(shown & {*FACTS})], set(linked)


@pytest.mark.parametrize("name", pages.SOURCES)
def test_a_page_ends_with_the_sources_of_its_facts_and_claims(name):
    facts, linked = shown_on(name)
    listed = texts(f"{name}.html", r'<div class="sources.*?</div>')
    assert bool(listed) == bool(facts or linked)
    for source in [*(fact.source for fact in facts), *map(SOURCES.get, linked)]:
        day = show_date(source.checked).replace("\u00a0", " ")
        title = re.escape(source.title.replace("'", "’"))
        assert re.search(rf"{title} ?, checked on {day}", listed[0].replace("'", "’"))
    for fact in facts:
        assert str(fact).replace("\u00a0", " ") in listed[0]


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_is_used(name):
    facts = [fact for fact in FACTS.values() if fact.source == SOURCES[name]]
    linking = [page for page in pages.SOURCES if name in shown_on(page)[1]]
    assert facts or linking, f"docs/facts.toml: no fact and no page has {name}"


@pytest.mark.parametrize("name", [*SUMS, *WORKERS])
def test_a_number_that_is_worked_out_is_a_substitution(name):
    assert name in substitutions()
