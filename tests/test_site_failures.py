"""The index of failures: each page by its symptom, its stage and its error text."""

import html
import re

import pytest

from docs._extensions.failures import CODES, forms
from tests.conftest import ROOT
from tests.support.pages import ENVIRONMENT, FAILURES, FOLDER, doctree, field
from tests.test_site_pages import run_sphinx
from tests.test_site_troubleshooting import STAGES

SITE = ROOT / "build" / "html"
LIST = (SITE / FOLDER / "index.html").read_text()
INDEX = html.unescape((SITE / "genindex.html").read_text())

GUIDE = """\
Guide
=====

.. toctree::

   troubleshooting/page

.. failures:: {by}

   boot
      The app does not start.
"""
PAGE = """\
:stage: {stage}
:shows: code=H10 desc="App crashed"

Page
====
"""


def part(section):
    """Return the HTML of a section of the index of failures."""
    return re.search(rf'<section id="{section}">(.*?)</section>', LIST, re.DOTALL)[1]


def links(text):
    """Return the failures that a piece of HTML links to, in order."""
    found = re.findall(r'href="([\w-]+)\.html', text)
    return [f"{FOLDER}{name}" for name in found if f"{FOLDER}{name}" in FAILURES]


@pytest.mark.parametrize("section", ["by-symptom", "by-stage"])
def test_every_failure_is_listed_once(section):
    assert sorted(links(part(section))) == sorted(FAILURES)


def test_symptoms_are_in_alphabetical_order():
    titles = [ENVIRONMENT.titles[name].astext() for name in links(part("by-symptom"))]
    letters = [re.sub(r"\W+", " ", title).strip().lower() for title in titles]
    assert letters == sorted(letters)


def test_the_stages_are_those_that_a_page_can_have():
    listed = re.findall(r"<dt>(.+?)</dt>", part("by-stage"))
    assert sorted(listed) == sorted(STAGES)


def test_a_stage_without_a_failure_leads_to_a_page_all_the_same():
    for stage, text in re.findall(r"<dt>(.+?)</dt>(.*?)</dd>", LIST, re.DOTALL):
        assert "href=" in text, f"nothing is listed under {stage}"


def visible(markup):
    return " ".join(html.unescape(re.sub("<.*?>", "", markup)).split())


def rows():
    """Return the failures that each error text leads to."""
    found = re.findall(
        r"<td>(.*?)</td>\s*<td>(.*?)</td>", part("by-error-text"), re.DOTALL
    )
    return {visible(text): links(pages) for text, pages in found}


@pytest.mark.parametrize("name", FAILURES)
def test_an_error_text_leads_to_its_page(name):
    for text in forms(field(name, "shows")):
        assert rows()[visible(html.escape(text))] == [name]
        entry = rf'href="{name}\.html#[\w-]+"><strong>{re.escape(text)}<'
        assert re.search(entry, INDEX), f"genindex leads from {text!r} elsewhere"


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_in_the_index_with_a_page_that_explains_it(code):
    pages = re.findall(rf'href="{FOLDER}([\w-]+)\.html#[\w-]+"><strong>{code}<', INDEX)
    assert len(pages) == 1
    assert code in doctree(f"{FOLDER}{pages[0]}").astext()


@pytest.mark.parametrize(
    "by, stage, message",
    [
        ("stage", "boots", "troubleshooting/page.rst: WARNING: :stage: is 'boots'"),
        ("colour", "boot", "failures are listed by title, text, stage, not 'colour'"),
    ],
)
def test_the_build_refuses(tmp_path, by, stage, message):
    (tmp_path / "index.rst").write_text(GUIDE.format(by=by))
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "page.rst").write_text(PAGE.format(stage=stage))
    assert message in run_sphinx(tmp_path, "dummy").stderr
