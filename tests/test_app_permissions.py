"""Every address of the app × everybody × GET and POST."""

import re

import pytest
from django.db import transaction
from django.urls import URLPattern, get_resolver, reverse
from django.utils.html import escape

from accounts.models import Authority
from instruments.models import DigitalLevel, Staff, StaffType
from staff.tests import PUBLIC_PAGES
from staff_calibration.models import StaffCalibration
from tests.conftest import HttpsClient
from tests.support.people import (
    HOSTILE,
    belongings_of_a,
    browser,
    make_hostile,
    user,
)

pytestmark = pytest.mark.django_db

ACTORS = ["visitor", "surveyor of A", "surveyor of B", "officer", "superuser"]

# The status of the answer to each of the actors, first by GET, then by POST with an
# empty form; L redirects to the log-in. What the address names belongs to A.
EVERYBODY_READS = ("200 200 200 200 200", "405 405 405 405 405")
EVERYBODY_WRITES = ("200 200 200 200 200", "200 200 200 200 200")
USERS_READ = ("L 200 200 200 200", "L 405 405 405 405")
USERS_WRITE = ("L 200 200 200 200", "L 200 200 200 200")
OWNERS_READ = ("L 200 404 200 200", "L 405 405 405 405")
OWNERS_WRITE = ("L 200 404 200 200", "L 200 404 200 200")
OFFICERS_READ = ("L 403 403 200 200", "L 405 405 405 405")
OFFICERS_WRITE = ("L 403 403 200 200", "L 403 403 200 200")

ANSWERS = {
    "home": EVERYBODY_READS,
    "guide": EVERYBODY_READS,
    "healthz": EVERYBODY_READS,
    "robots": EVERYBODY_READS,
    "accounts:login": EVERYBODY_WRITES,
    "accounts:logout": ("L 405 405 405 405", "L 302 302 302 302"),
    "accounts:sign_up": EVERYBODY_WRITES,
    "accounts:sign_up_sent": EVERYBODY_READS,
    "accounts:activate": ("200 200 200 200 200", "302 302 302 302 302"),
    "accounts:profile": USERS_WRITE,
    "accounts:password_change": USERS_WRITE,
    "accounts:password_reset": EVERYBODY_WRITES,
    "accounts:password_reset_sent": EVERYBODY_READS,
    "accounts:password_reset_confirm": ("302 302 302 302 302", "302 302 302 302 302"),
    "accounts:user_list": OFFICERS_READ,
    "accounts:authority_list": OFFICERS_READ,
    "accounts:authority_add": OFFICERS_WRITE,
    "accounts:authority_change": OFFICERS_WRITE,
    "instruments:staff_list": USERS_READ,
    "instruments:staff_add": USERS_WRITE,
    "instruments:staff_detail": OWNERS_READ,
    "instruments:staff_change": OWNERS_WRITE,
    "instruments:level_list": USERS_READ,
    "instruments:level_add": USERS_WRITE,
    "instruments:level_change": OWNERS_WRITE,
    "instruments:type_list": USERS_READ,
    "instruments:type_add": OFFICERS_WRITE,
    "instruments:type_change": OFFICERS_WRITE,
    "range_calibration:campaigns": OFFICERS_READ,
    "range_calibration:upload": OFFICERS_WRITE,
    "range_calibration:store": ("L 405 405 405 405", "L 403 403 302 302"),
    "range_calibration:table": OFFICERS_READ,
    "range_calibration:campaign": OFFICERS_READ,
    "range_calibration:delete": ("L 403 403 200 200", "L 403 403 302 302"),
    "staff_calibration:registry": USERS_READ,
    "staff_calibration:export": USERS_READ,
    "staff_calibration:calibrate": USERS_WRITE,
    "staff_calibration:certificate": OWNERS_READ,
    "staff_calibration:pdf": OWNERS_READ,
    "staff_calibration:verify": EVERYBODY_READS,
    "admin:index": ("L L L 200 200", "L L L 200 200"),
    "admin:accounts_user_changelist": ("L L L 403 200", "L L L 403 200"),
    "admin:accounts_user_add": ("L L L 403 200", "L L L 403 200"),
    "admin:accounts_user_change": ("L L L 403 200", "L L L 403 200"),
    "admin:accounts_user_delete": ("L L L 403 200", "L L L 403 200"),
    "admin:instruments_staff_changelist": ("L L L 403 200", "L L L 403 200"),
    "admin:instruments_staff_change": ("L L L 403 200", "L L L 403 200"),
}


@pytest.fixture
def world():
    return belongings_of_a()


def browsers():
    """Return a browser for each of the ACTORS, in a world of hostile texts."""
    people = [
        None,
        user("a@example.com", "AAA"),
        user("b@example.com", "BBB"),
        user("officer@example.com", "CCC", is_staff=True),
        user("root@example.com", "CCC", is_staff=True, is_superuser=True),
    ]
    clients = [browser(person) for person in people]
    make_hostile()
    return clients


def status(response):
    """Return the status code; L for a redirect to the log-in."""
    to_login = re.match(r"/(accounts|admin)/login/\?", response.get("Location", ""))
    return "L" if to_login else str(response.status_code)


def answer(client, method, path):
    """Ask, and undo what the answer did."""
    with transaction.atomic():
        response = getattr(client, method)(path)
        transaction.set_rollback(True)
    # The PDF and the export hold text, which no browser takes for markup.
    if response["Content-Type"].startswith("text/html"):
        assert "<b id=x>" not in response.text, f"{path} shows a text as markup"
    return status(response)


@pytest.mark.parametrize("number", [0, 1], ids=["get", "post"])
@pytest.mark.parametrize("name", ANSWERS)
def test_everybody_gets_the_answer_of_the_table(world, name, number):
    path = reverse(name, args=world.get(name))
    method = ["get", "post"][number]
    given = [answer(client, method, path) for client in browsers()]
    expected = ANSWERS[name][number].split()
    assert dict(zip(ACTORS, given, strict=True)) == dict(
        zip(ACTORS, expected, strict=True)
    )


def addresses(patterns=None, namespace=""):
    """Yield the names of all addresses of the app."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}"
        else:
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from addresses(pattern.url_patterns, namespace + inner)


def test_the_table_has_every_address():
    """Of the admin, which Django's own tests cover, it has some."""
    ours = {name for name in addresses() if not name.startswith("admin:")}
    assert ours == {name for name in ANSWERS if not name.startswith("admin:")}


def test_the_example_tests_every_public_page(world):
    public = {name for name in ANSWERS if ANSWERS[name][0] == EVERYBODY_READS[0]}
    assert public - set(world) == set(PUBLIC_PAGES)


@pytest.mark.parametrize(
    "name",
    [
        "accounts:activate",
        "accounts:authority_list",
        "accounts:profile",
        "accounts:user_list",
        "instruments:level_list",
        "instruments:staff_detail",
        "instruments:staff_list",
        "instruments:type_list",
        "range_calibration:campaign",
        "range_calibration:campaigns",
        "staff_calibration:calibrate",
        "staff_calibration:certificate",
        "staff_calibration:registry",
        "staff_calibration:verify",
    ],
)
def test_a_page_shows_a_hostile_text_as_text(world, name):
    *_, superuser = browsers()
    text = superuser.get(reverse(name, args=world.get(name))).text
    assert escape(HOSTILE) in text[text.index("<main") :]


@pytest.mark.parametrize("name", ANSWERS)
def test_no_post_is_taken_without_a_csrf_token(world, name):
    client = HttpsClient(enforce_csrf_checks=True)
    client.force_login(user(is_staff=True, is_superuser=True))
    response = client.post(reverse(name, args=world.get(name)))
    assert response.status_code in (403, 405)
    if "405" not in ANSWERS[name][1]:
        assert "The form could not be verified" in response.text


def test_b_changes_nothing_of_a(world):
    client = browser(user("b@example.com", "BBB"))
    before = [
        list(model.objects.values())
        for model in (Staff, DigitalLevel, StaffCalibration)
    ]
    answers = {
        "number": "666",
        "type": StaffType.objects.first().pk,
        "length": "4",
        "owner": Authority.objects.get(abbreviation="BBB").pk,
        "standard_temperature": "25",
        "make": "Leica",
        "model": "LS15",
    }
    for name in ("instruments:staff_change", "instruments:level_change"):
        assert client.post(reverse(name, args=world[name]), answers).status_code == 404
    after = [
        list(model.objects.values())
        for model in (Staff, DigitalLevel, StaffCalibration)
    ]
    assert before == after


@pytest.mark.parametrize(
    "name",
    ["instruments:staff_list", "instruments:level_list", "staff_calibration:registry"],
)
def test_a_list_shows_what_the_own_authority_has(world, name):
    _, of_a, of_b, officer, _ = browsers()
    number = "7042&lt;" if "level" in name else "301&lt;"
    seen = [number in one.get(reverse(name)).text for one in (of_a, of_b, officer)]
    assert seen == [True, False, True]


def test_the_export_holds_what_the_own_authority_has(world):
    _, of_a, of_b, officer, _ = browsers()
    path = reverse("staff_calibration:export")
    lines = [len(one.get(path).text.splitlines()) for one in (of_a, of_b, officer)]
    assert lines == [2, 1, 2]


def test_a_closed_account_loses_its_session(world):
    mary = user()
    client = browser(mary)
    assert client.get("/staves/").status_code == 200
    mary.is_active = False
    mary.save()
    assert status(client.get("/staves/")) == "L"
