"""Every link inside the built site leads somewhere; nothing is fetched."""

import re
import runpy
from functools import cache
from html import unescape
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from tests.conftest import ROOT, SITE
from tests.support.pages import PAGES

HTML = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
NAMES = [page.name for page in PAGES]

# Where the site is published: its own addresses begin so.
HOME = runpy.run_path(str(ROOT / "conf.py"))["html_baseurl"]

# What a page may load. All of them are files of the site.
SCRIPTS = {
    "staff_guide.js": "tabs, the menu's place",
    "documentation_options.js": "tells the copy button and the search where they are",
    "clipboard.min.js": "the copy button",
    "copybutton.js": "the copy button",
}
SEARCH_SCRIPTS = {
    "staff_guide.js",
    "documentation_options.js",
    "doctools.js",
    "sphinx_highlight.js",
    "language_data.js",
    "searchtools.js",
    "pasted_errors.js",
    "searchindex.js",
}


class Anchors(HTMLParser):
    """The addresses a page names, the ids it has, and its tags with attributes."""

    def __init__(self, text):
        super().__init__()
        self.links, self.ids, self.tags = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        for name, value in attributes:
            if name in ("href", "src", "poster", "data") and value is not None:
                self.links.add(value)
            elif name == "srcset" and value:
                self.links |= {each.split()[0] for each in value.split(",")}
            elif name == "content" and value and value.startswith("https:"):
                self.links.add(value)
            elif name == "id":
                self.ids.append(value)

    def all(self, tag, **wanted):
        """Return the attributes of each such tag that has these among its own."""
        return [
            attributes
            for name, attributes in self.tags
            if name == tag and wanted.items() <= attributes.items()
        ]


@cache
def read(path):
    return Anchors(path.read_text())


def texts(page, pattern):
    """Return what is read where a pattern matches the HTML of a page's own part."""
    html = (SITE / page).read_text()
    matches = re.findall(pattern, html[html.index("<main") :], re.DOTALL)
    return [unescape(" ".join(re.sub("<.*?>", "", each).split())) for each in matches]


def broken(page, link):
    """Say whether a link of a page names a file or an anchor that is not there."""
    address = urlsplit(link.removeprefix(HOME) if link.startswith(HOME) else link)
    if address.scheme or address.netloc:
        return False
    path = unquote(address.path)
    at_the_top = path.startswith("/") or link.startswith(HOME)
    start = SITE if at_the_top else (SITE / page).parent
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


@pytest.mark.parametrize(
    "link",
    [
        "gone.html",
        "#gone",
        "prepare/database.html#gone",
        f"{HOME}gone.html",
        f"{HOME}prepare/database.html#gone",
    ],
)
def test_a_broken_link_is_found(link):
    assert broken("index.html", link)


# The way on ------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_page_leads_to_the_pages_before_and_after_it(name):
    at = NAMES.index(name)
    beside = {"prev": NAMES[at - 1] if at else None}
    beside["next"] = NAMES[at + 1] if at + 1 < len(NAMES) else None
    page = read(SITE / f"{name}.html")
    for direction, neighbour in beside.items():
        links = [link["href"] for link in page.all("a", rel=direction)]
        wanted = [f"{neighbour}.html"] if neighbour else []
        found = [urljoin(f"{name}.html", link) for link in links]
        assert found == wanted, f"{name}.html, rel={direction}"


@pytest.mark.parametrize("name", NAMES[:-1])
def test_a_page_ends_with_a_way_on(name):
    (link,) = texts(f"{name}.html", r'<a class="next".*?</a>')
    assert link == f"Continue to {PAGES[NAMES.index(name) + 1].title}"


@pytest.mark.parametrize("name", NAMES[1:])
def test_home_is_the_first_page(name):
    text = (SITE / f"{name}.html").read_text()
    homes = re.findall(r'<a href="([^"]*)">Home</a>', text)
    assert [urljoin(f"{name}.html", home) for home in homes] == ["index.html"]


@pytest.mark.parametrize("name", NAMES[1:])
def test_the_menu_marks_the_page_itself(name):
    links = read(SITE / f"{name}.html").all("a", **{"aria-current": "page"})
    assert [link["href"] for link in links] == ["#"]


# What a page loads, and says of itself ----------------------------------------


@pytest.mark.parametrize("page", HTML)
def test_a_page_runs_the_sites_own_scripts_and_none_inline(page):
    scripts = read(SITE / page).all("script")
    assert not [script for script in scripts if "src" not in script], (
        f"{page} has an inline script"
    )
    sources = [urljoin(page, script["src"]) for script in scripts]
    assert not [source for source in sources if urlsplit(source).netloc], page
    names = [urlsplit(source).path.rpartition("/")[2] for source in sources]
    wanted = {"404.html": [], "search.html": SEARCH_SCRIPTS}.get(page, SCRIPTS)
    assert sorted(names) == sorted(wanted)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_says_of_itself_what_its_first_paragraph_says(name):
    first = texts(f"{name}.html", "<p>.*?</p>")[0]
    page = read(SITE / f"{name}.html")
    for description in (
        *page.all("meta", name="description"),
        *page.all("meta", property="og:description"),
    ):
        assert len(description["content"]) <= 160
        begins = description["content"].removesuffix("...").strip()
        assert first.startswith(begins), f"{name}.html is described as {begins!r}"
    assert len(page.all("meta", name="description")) == 1
    assert page.all("meta", property="og:url")[0]["content"] == f"{HOME}{name}.html"
    (picture,) = page.all("meta", property="og:image")
    assert picture["content"] == f"{HOME}_static/preview.png"
