"""What every page has: headers, structure, labels, no inline style or script."""

import re
from html.parser import HTMLParser

import pytest
from django.urls import reverse

from tests.conftest import ROOT
from tests.support.people import PASSWORD, belongings_of_a, browser, user
from tests.test_app_permissions import ANSWERS

OURS = [name for name in ANSWERS if not name.startswith("admin:")]
FIELDS = {"input", "select", "textarea"}


class Page(HTMLParser):
    """The elements of a page as (tag, attributes) and its text by tag."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.texts = {}
        self.open = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.open = tag
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.texts.setdefault(self.open, []).append(data)

    def all(self, *tags):
        return [attributes for tag, attributes in self.elements if tag in tags]


def pages(name):
    """Yield the page as each kind of visitor sees it, and with errors in its form."""
    path = reverse(name, args=belongings_of_a().get(name))
    people = [
        None,
        user("a@example.com", "AAA"),
        user("officer@example.com", "AAA", is_staff=True, is_superuser=True),
    ]
    for person in people:
        for method in ("get", "post"):
            response = getattr(browser(person), method)(path)
            if response.get("Content-Type", "").startswith("text/html"):
                if response.content:
                    yield Page(response.text)


@pytest.mark.django_db
@pytest.mark.parametrize("name", OURS)
def test_a_page_is_well_made(name):
    for page in pages(name):
        assert page.all("html")[0]["lang"] == "en-GB"
        assert page.texts["title"][0].strip().strip("– ")
        assert len(page.all("h1")) == 1
        assert len(page.all("main")) == 1
        ids = [found["id"] for _, found in page.elements if "id" in found]
        assert len(ids) == len(set(ids))
        labelled = {found.get("for") for found in page.all("label")}
        for field in page.all(*FIELDS):
            if field.get("type") != "hidden":
                assert field["id"] in labelled or "aria-label" in field, field
        for _, found in page.elements:
            for reference in found.get("aria-describedby", "").split():
                assert reference in ids
        for link in page.all("a"):
            target = link["href"].partition("#")
            assert target[0] or target[2] in ids, link
        for form in page.all("form"):
            assert form.get("method") in ("post", "get")


@pytest.mark.django_db
@pytest.mark.parametrize("name", OURS)
def test_a_page_has_nothing_inline(name):
    for page in pages(name):
        assert not page.all("style")
        assert not [one for one in page.all("script") if "src" not in one]
        for tag, attributes in page.elements:
            assert "style" not in attributes, tag
            assert not [one for one in attributes if one.startswith("on")], tag
            assert not attributes.get("href", "").startswith("javascript:")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/nowhere/", "/healthz"])
def test_an_answer_has_its_headers(client, path):
    response = client.get(path)
    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy and "*" not in policy
    assert "camera=()" in response["Permissions-Policy"]
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Strict-Transport-Security"].startswith("max-age=31536000")


@pytest.mark.django_db
def test_the_cookies_are_for_https_and_this_site(client):
    client.get("/accounts/login/")
    mary = user(password=PASSWORD)
    client.post("/accounts/login/", {"username": mary.email, "password": PASSWORD})
    for name in ("csrftoken", "sessionid"):
        assert client.cookies[name]["secure"]
        assert client.cookies[name]["samesite"] == "Lax"
    assert client.cookies["sessionid"]["httponly"]


@pytest.mark.django_db
def test_the_navigation_offers_what_one_may_see():
    def offered(person):
        page = Page(browser(person).get("/").text)
        return {link["href"] for link in page.all("a")}

    visitor = offered(None)
    surveyor = offered(user("a@example.com", "AAA"))
    officer = offered(user("officer@example.com", "AAA", is_staff=True))
    root = offered(user("root@example.com", "AAA", is_staff=True, is_superuser=True))
    assert {"/accounts/login/", "/accounts/sign-up/", "/guide/"} <= visitor
    assert "/accounts/users/" not in surveyor
    assert surveyor - visitor >= {"/calibrations/", "/accounts/profile/"}
    assert officer - surveyor >= {
        "/range/",
        "/accounts/users/",
        "/accounts/authorities/",
    }
    assert root - officer == {"/admin/"}


@pytest.mark.django_db
@pytest.mark.parametrize("rows", [1, 12])
def test_the_home_page_makes_one_query(client, django_assert_num_queries, rows):
    from range_calibration.models import RangeParameter

    RangeParameter.objects.bulk_create(
        RangeParameter(interval=interval, month=month, value=0.19, campaigns=1)
        for interval in range(1, 21)
        for month in range(1, rows + 1)
    )
    with django_assert_num_queries(1):
        assert "<svg" in client.get("/").text


def test_the_field_guide_needs_no_database(client):
    page = client.get("/guide/").text
    for words in ("two-peg", "wait 5 minutes", "pins 7 to 21", "end temperature"):
        assert words in re.sub(r"\s+", " ", page)


def test_robots_stay_off_certificates(client):
    response = client.get("/robots.txt")
    assert response["Content-Type"] == "text/plain"
    rules = response.text.splitlines()
    assert rules[-1] == "Disallow: /"
    assert not [rule for rule in rules if "calibrations" in rule]


def colours(scheme):
    """Return the custom properties of the stylesheet in one colour scheme."""
    from django.contrib.staticfiles import finders

    sheet = open(finders.find("style.css"), encoding="utf-8").read()
    light, dark = re.findall(r":root \{(.*?)\}", sheet, re.DOTALL)[:2]
    found = dict(re.findall(r"--([\w-]+): #(\w{6})", light))
    return found | dict(re.findall(r"--([\w-]+): #(\w{6})", dark if scheme else ""))


def luminance(colour):
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground", "least"),
    [
        ("text", "ground", 7),
        ("text", "raised", 7),
        ("quiet", "ground", 4.5),
        ("quiet", "raised", 4.5),
        ("link", "ground", 4.5),
        ("link", "raised", 4.5),
        ("on-accent", "accent", 4.5),
        ("accent", "ground", 4.5),
        ("good", "good-ground", 4.5),
        ("bad", "bad-ground", 4.5),
        ("bad", "ground", 4.5),
        ("warn", "warn-ground", 4.5),
        ("text", "warn-ground", 4.5),
        ("field-line", "ground", 3),
    ],
)
def test_the_contrast_is_high_enough(scheme, text, ground, least):
    found = colours(scheme)
    lighter, darker = sorted(
        (luminance(found[text]), luminance(found[ground])), reverse=True
    )
    assert (lighter + 0.05) / (darker + 0.05) >= least


UNESCAPED = re.compile(r"\|\s*safe\w*\b|autoescape off|\bmark_safe\b|\bSafeString\b")
# An e-mail is plain text: its reader sees what is typed here.
MAIL = ("templates", "accounts", "mail")


def test_no_text_is_taken_for_markup():
    found = [
        f"{file.relative_to(ROOT)}:{number} {line.strip()}"
        for file in (ROOT / "example").rglob("*")
        if file.suffix in (".html", ".py", ".txt") and file.parent.parts[-3:] != MAIL
        for number, line in enumerate(file.read_text().splitlines(), start=1)
        if UNESCAPED.search(line)
    ]
    assert found == [], "Django must escape what people write: say it another way"
