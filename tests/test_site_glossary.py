"""A page explains a word of the glossary where it first uses it: by a link to it."""

import re

import pytest
from docutils import nodes
from sphinx import addnodes

from docs._extensions.substitutions import is_prose
from rehearsal.script import line
from tests.support.pages import FAILURES, STEPS, TASKS, doctree, in_sources

PAGES = [*STEPS, "rehearse"]
# Whoever reads these knows the words, or looks them up.
SCENES = [*TASKS, *FAILURES]

PLURALS = {"authority": "authorities", "staff": "staves"}

# What has a word of the glossary in it and another sense, with the reason.
OTHER_SENSES = {
    "Staff Calibration App": "the app's name",
    "multi-factor": "of a log-in",
    "in ranges": "of versions",
    "range allows": "of versions",
    "change the range": "of versions",
    "the range, install": "of versions",
    "pool of hours": "of Eco dynos",
    "your release has": "of Linux",
    "remote machines": "far away",
}


def entries():
    """Return each entry of the glossary as the words that it explains."""
    items = doctree("reference/glossary").findall(nodes.definition_list_item)
    return [
        tuple(term.astext() for term in item.findall(nodes.term))
        for item in items
        if isinstance(item.parent.parent, addnodes.glossary)
    ]


ENTRIES = entries()


def pattern(words):
    forms = [*words, *(PLURALS.get(word, f"{word}s") for word in words)]
    choice = "|".join(r"\s+".join(map(re.escape, form.split())) for form in forms)
    return re.compile(rf"(?<![\w-])(?:{choice})(?![\w-])", re.IGNORECASE)


def is_read(node):
    """Say whether a text is prose of the page's own: no title, no button's name."""
    while node := node.parent:
        if isinstance(node, (nodes.title, nodes.rubric, nodes.caption)):
            return False
        if "guilabel" in node.get("classes", ()) or in_sources(node):
            return False
    return True


def explained(node):
    """Return the word of the glossary that a text is a link to, or None."""
    while node := node.parent:
        if isinstance(node, addnodes.pending_xref) and node["reftype"] == "term":
            return node["reftarget"]
    return None


def first_use(name, words):
    """Return the first text of a page with a word, and the word; None without it."""
    others = "|".join(r"\s+".join(each.split()) for each in OTHER_SENSES)
    for text in doctree(name).findall(nodes.Text):
        # A link to another entry explains its own words, as "one-off dyno" does.
        elsewhere = explained(text) and explained(text) not in words
        if is_prose(text) and is_read(text) and not elsewhere:
            own = re.sub(others, "", text.astext())
            if found := pattern(words).search(own):
                return text, found[0]
    return None


@pytest.mark.parametrize("name", PAGES)
def test_the_first_use_of_a_word_links_to_the_glossary(name):
    missing = []
    for words in ENTRIES:
        match first_use(name, words):
            case text, found if explained(text) not in words:
                missing.append(
                    f"docs/{name}.rst:{line(text.parent)}: the page's first {found!r} "
                    f"is not :term:`{found} <{words[0]}>`"
                )
    assert not missing, "\n".join(
        [*missing, "Is it another sense of the word? Then say so in OTHER_SENSES."]
    )


@pytest.mark.parametrize("words", ENTRIES, ids=lambda words: words[0])
def test_a_word_of_the_glossary_is_on_a_page(words):
    assert any(first_use(name, words) for name in (*PAGES, *SCENES))


@pytest.mark.parametrize("text", OTHER_SENSES)
def test_another_sense_is_on_a_page(text):
    assert any(text in " ".join(doctree(name).astext().split()) for name in PAGES)
