"""Every link inside the built site leads somewhere; nothing is fetched."""

from functools import cache
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest

from tests.conftest import SITE

HTML = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))


class Anchors(HTMLParser):
    """The addresses a page names and the ids it has."""

    def __init__(self, text):
        super().__init__()
        self.links, self.ids = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src", "poster", "data") and value is not None:
                self.links.add(value)
            elif name == "srcset" and value:
                self.links |= {each.split()[0] for each in value.split(",")}
            elif name == "id":
                self.ids.append(value)


@cache
def read(path):
    return Anchors(path.read_text())


def broken(page, link):
    """Say whether a link of a page names a file or an anchor that is not there."""
    address = urlsplit(link)
    if address.scheme or address.netloc:
        return False
    path = unquote(address.path)
    start = SITE if path.startswith("/") else (SITE / page).parent
    target = (start / path.lstrip("/")).resolve() if path else SITE / page
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return True
    if not address.fragment or target.suffix != ".html":
        return False
    return unquote(address.fragment) not in read(target).ids


def test_the_site_has_pages(site):
    assert {"index.html", "search.html", "prepare/database.html"} <= set(HTML)


@pytest.mark.parametrize("page", HTML)
def test_internal_links_resolve(page):
    assert not [link for link in read(SITE / page).links if broken(page, link)]


@pytest.mark.parametrize("page", HTML)
def test_ids_are_unique(page):
    ids = read(SITE / page).ids
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("link", ["gone.html", "#gone", "prepare/database.html#gone"])
def test_a_broken_link_is_found(link):
    assert broken("index.html", link)
