"""Flow B: upload, result, certificate, registry, verification."""

import csv
import io
import logging
import re
import threading
import uuid
from datetime import date, timedelta
from html import unescape
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import Authority
from instruments.models import Staff
from range_calibration.models import RangeParameter
from staff_calibration.export import harmless
from staff_calibration.models import StaffCalibration, StaffReading
from tests.support import campaigns, stored
from tests.support.people import browser, user
from tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.django_db

REGISTRY = reverse("staff_calibration:registry")
FORM = reverse("staff_calibration:calibrate")


def page(name, calibration):
    return reverse(f"staff_calibration:{name}", args=[calibration.pk])


@pytest.fixture
def surveyor():
    return user()


@pytest.fixture
def staff():
    return stored.staff()


@pytest.fixture
def level():
    return stored.level()


@pytest.fixture
def calibration(surveyor, staff, level):
    stored.reference()
    response = stored.calibrate(browser(surveyor), staff, level)
    assert response.status_code == 302, response.context["form"].errors
    return StaffCalibration.objects.get()


def test_the_readings_become_a_factor_and_a_certificate(calibration, surveyor, staff):
    assert calibration.factor == pytest.approx(1.0003, abs=1e-12)
    assert calibration.standard_factor == pytest.approx(1.0003 * (1 + 10e-6 * 4.5))
    assert calibration.mean_temperature == 20.5
    assert calibration.submitted_by == surveyor
    assert [row.pin for row in calibration.readings.all()] == [
        *campaigns.UPPER,
        *campaigns.LOWER,
    ]
    assert {int(pin): k for pin, k in calibration.reference.items()} == stored.KNOWN
    staff.refresh_from_db()
    assert staff.factor == calibration.standard_factor
    assert staff.calibration_date == stored.DAY


def test_the_certificate_shows_what_it_must(calibration, surveyor):
    html = browser(surveyor).get(page("certificate", calibration)).content.decode()
    for text in (
        str(calibration.pk), "14 March 2026", "20.5 °C", "S1", "Fibreglass", "4 m",
        "Authority AAA", "Maker M1 704211", "M. Jones", "1.000345", "1.000300",
        "valid for the day of the test", calibration.verification_url,
        f"{stored.KNOWN[1]:.5f}", "14-15",
    ):  # fmt: skip
        assert text in html
    assert html.count("<tr>") == 1 + 28 + 1 + 21
    unit = 20.5 + (1 / 1.0003 - 1) / 10e-6
    assert f"is 1 at {unit:.1f}".replace("-", "−") in html


def test_the_pdf_says_what_the_page_says(calibration, surveyor):
    response = browser(surveyor).get(page("pdf", calibration))
    assert response["Content-Type"] == "application/pdf"
    pdf = PdfReader(io.BytesIO(response.content))
    text = " ".join(pdf.pages[0].extract_text().split())
    assert len(pdf.pages) == 1
    html = browser(surveyor).get(page("certificate", calibration)).text
    [article] = re.findall(r"(<dl.*)<section", html, re.DOTALL)
    shown = [
        " ".join(re.sub(r"<[^>]+>", "", unescape(piece)).split())
        for piece in re.findall(r"<(?:dt|dd|p|td|th)\b.*?(?=</)", article, re.DOTALL)
    ]
    assert "Graduation uncertainty" in shown and "14-15" in shown
    assert [piece for piece in shown if piece not in text] == []


def test_a_pdf_leaves_no_line_in_the_log(calibration, surveyor, caplog):
    assert logging.getLogger().isEnabledFor(logging.INFO)
    browser(surveyor).get(page("pdf", calibration))
    assert caplog.messages == []


def test_a_pdf_holds_names_from_all_of_europe(calibration, surveyor):
    StaffCalibration.objects.update(observer="Łukasz Ångström Ψ Ж 木")
    response = browser(surveyor).get(page("pdf", calibration))
    text = PdfReader(io.BytesIO(response.content)).pages[0].extract_text()
    assert "Łukasz Ångström Ψ Ж" in text


def test_a_certificate_does_not_change_afterwards(calibration, surveyor, staff):
    """The mistake: a certificate recomputed with today's table."""
    client = browser(surveyor)

    def certificate():
        html = client.get(page("certificate", calibration)).content.decode()
        return re.sub(
            r"<header.*</header>|<p class=\"message.*?</p>", "", html, flags=re.S
        )

    client.get(page("certificate", calibration))
    before = certificate()
    RangeParameter.objects.update(value=0.2)
    Staff.objects.update(number="S9", length=3, factor=1.001, standard_temperature=20)
    type(staff.type).objects.update(thermal_coefficient=50)
    Authority.objects.update(name="Renamed")
    type(calibration.level).objects.update(make="Other")
    assert certificate() == before


def test_a_month_without_reference_stores_nothing(surveyor, staff, level):
    stored.reference(month=4)
    response = stored.calibrate(browser(surveyor), staff, level)
    assert "There are no reference values for March" in response.content.decode()
    assert not StaffCalibration.objects.exists()
    staff.refresh_from_db()
    assert staff.factor is None


def test_a_factor_that_no_staff_has_stores_nothing(surveyor, staff, level):
    stored.reference()
    content = stored.readings(factor=1.2)
    response = stored.calibrate(browser(surveyor), staff, level, content)
    assert "The factor would be 1.2" in response.content.decode()
    assert not StaffCalibration.objects.exists()


def test_a_second_upload_for_the_day_asks_before_it_replaces(
    calibration, surveyor, staff, level
):
    client = browser(surveyor)
    content = stored.readings(factor=1.0004)
    response = stored.calibrate(client, staff, level, content)
    html = response.content.decode()
    assert response.status_code == 200
    assert ", with the factor 1.000345" in html
    assert f'value="{calibration.pk}"' in html
    assert StaffCalibration.objects.get() == calibration

    # The file need not be chosen again: the form kept it.
    kept = response.context["form"]["kept"].value()
    again = stored.answers(staff, level, kept=kept, replace=str(calibration.pk))
    assert client.post(FORM, again).status_code == 302
    replaced = StaffCalibration.objects.get()
    assert replaced.factor == pytest.approx(1.0004)
    assert replaced.pk != calibration.pk
    assert StaffReading.objects.count() == 30
    assert client.get(page("verify", calibration)).status_code == 404


def test_the_tick_for_one_day_replaces_no_other(calibration, surveyor, staff, level):
    client = browser(surveyor)
    other_day = stored.DAY + timedelta(days=1)
    stored.calibrate(client, staff, level, date=other_day.isoformat())
    response = stored.calibrate(
        client, staff, level, date=other_day.isoformat(), replace=str(calibration.pk)
    )
    assert "replace" in response.context["form"].errors
    assert StaffCalibration.objects.count() == 2


def test_a_good_file_is_kept_while_another_field_is_corrected(surveyor, staff, level):
    stored.reference()
    client = browser(surveyor)
    answers = stored.answers(staff, level, stored.readings()) | {
        "staff": "",
        "date": "",
    }
    response = client.post(FORM, answers)
    assert response.status_code == 200
    assert "readings.csv has been read" in response.content.decode()
    kept = response.context["form"]["kept"].value()
    assert client.post(FORM, stored.answers(staff, level, kept=kept)).status_code == 302
    assert StaffCalibration.objects.get().file_text == stored.readings().decode()


def test_a_bad_file_drops_the_one_that_was_kept(surveyor, staff, level):
    stored.reference()
    client = browser(surveyor)
    kept = stored.calibrate(client, staff, level, date="").context["form"]["kept"]
    response = stored.calibrate(client, staff, level, b"bad", kept=kept.value())
    assert response.context["form"].errors["file"]
    assert response.context["form"]["kept"].value() == ""


@pytest.mark.parametrize("kept", ["", "text", "eyJ:1:x", "\0"])
def test_a_kept_file_that_we_did_not_sign_is_refused(kept, surveyor, staff, level):
    stored.reference()
    response = browser(surveyor).post(FORM, stored.answers(staff, level, kept=kept))
    assert response.status_code == 200
    assert response.context["form"].errors
    assert not StaffCalibration.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"start_temperature": "-10.1"},
        {"end_temperature": "55.1"},
        {"end_temperature": "nan"},
        {"start_temperature": "1e999"},
        {"start_temperature": ""},
        {"date": "31/02/2026"},
        {"date": (timezone.localdate() + timedelta(days=2)).isoformat()},
        {"date": ""},
        {"two_peg_test": ""},
        {"observer": "x" * 101},
        {"observer": "a\0b"},
        {"staff": "0", "level": "none"},
        {"replace": "no uuid"},
    ],
)
def test_a_wrong_field_stores_nothing(changes, surveyor, staff, level):
    stored.reference()
    answers = stored.answers(staff, level, stored.readings()) | changes
    response = browser(surveyor).post(FORM, answers)
    assert response.status_code == 200
    assert response.context["form"].errors
    assert not StaffCalibration.objects.exists()


def test_an_earlier_observation_does_not_replace_a_later_factor(level, surveyor):
    stored.reference()
    staff = stored.staff(factor=1.0001, calibration_date=date(2026, 5, 1))
    client = browser(surveyor)
    response = stored.calibrate(client, staff, level)
    staff.refresh_from_db()
    assert (staff.factor, staff.calibration_date) == (1.0001, date(2026, 5, 1))
    assert "The staff keeps its factor" in client.get(response.url).text


def test_a_later_observation_replaces_the_factor(level, surveyor):
    stored.reference()
    staff = stored.staff(factor=1.0001, calibration_date=date(2025, 5, 1))
    client = browser(surveyor)
    response = stored.calibrate(client, staff, level)
    staff.refresh_from_db()
    assert staff.factor == StaffCalibration.objects.get().standard_factor
    assert "The staff keeps its factor" not in client.get(response.url).text
    assert staff.calibration_date == stored.DAY


def test_the_staff_of_another_authority_cannot_be_calibrated(surveyor, level):
    stored.reference()
    foreign = stored.staff(of="BBB")
    response = stored.calibrate(browser(surveyor), foreign, level)
    assert "staff" in response.context["form"].errors
    assert not StaffCalibration.objects.exists()
    assert "BBB" not in response.content.decode()


@pytest.mark.parametrize(
    ("actor", "status"),
    [
        (None, 302),
        ({"email": "colleague@example.com"}, 200),
        ({"email": "other@example.com", "of": "BBB"}, 404),
        ({"email": "officer@example.com", "of": "BBB", "is_staff": True}, 200),
    ],
)
def test_a_certificate_is_seen_by_its_authority_and_range_officers(
    calibration, actor, status
):
    client = browser(user(**actor) if actor else None)
    assert client.get(page("certificate", calibration)).status_code == status
    assert client.get(page("pdf", calibration)).status_code == status
    if actor:
        found = str(calibration.pk) in client.get(REGISTRY).content.decode()
        exported = client.get(reverse("staff_calibration:export")).content.decode()
        assert found == (str(calibration.pk) in exported) == (status == 200)


def test_anyone_can_verify_a_certificate_and_learns_nothing_more(calibration):
    response = browser().get(page("verify", calibration))
    html = response.content.decode()
    assert "This certificate is genuine" in html
    assert "1.000345" in html and str(calibration.pk) in html
    for secret in ("Authority AAA", "Jones", "704211", "surveyor@example.com"):
        assert secret not in html
    assert response["X-Robots-Tag"] == "noindex"
    unknown = reverse("staff_calibration:verify", args=[uuid.uuid4()])
    assert browser().get(unknown).status_code == 404


def test_the_registry_is_searched(calibration, surveyor, level):
    client = browser(surveyor)
    stored.calibrate(client, stored.staff("OTHER"), level, observer="Zoe")
    for query, found in (("oth", 1), ("jones", 1), ("704", 2), ("nothing", 0), ("", 2)):
        html = client.get(REGISTRY, {"query": query}).content.decode()
        assert html.count('<th scope="row">') == found
        exported = client.get(reverse("staff_calibration:export"), {"query": query})
        assert len(exported.content.decode().splitlines()) == found + 1


@pytest.mark.parametrize(
    "query", [{"query": "\0"}, {"query": "x" * 999}, {"page": "-1"}, {"page": "x"}]
)
def test_an_odd_search_is_answered(query, calibration, surveyor):
    assert browser(surveyor).get(REGISTRY, query).status_code == 200
    export = browser(surveyor).get(reverse("staff_calibration:export"), query)
    assert export.status_code == 200


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1"]
)
def test_the_export_holds_no_formula(cell, calibration, surveyor):
    StaffCalibration.objects.update(observer=cell)
    text = browser(surveyor).get(reverse("staff_calibration:export")).content.decode()
    [row] = csv.DictReader(io.StringIO(text, newline=""))
    assert row["observer"] == f"'{cell}"
    assert float(row["standard_factor"]) == calibration.standard_factor


def test_a_negative_number_is_no_formula():
    assert harmless(-1.5) == -1.5
    assert harmless("Jones - Smith") == "Jones - Smith"


@pytest.mark.parametrize("address", [REGISTRY, FORM])
def test_the_queries_of_a_list_do_not_grow_with_it(
    address, calibration, surveyor, staff, level
):
    client = browser(surveyor)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        return len(captured)

    before = queries()
    for number in range(5):
        stored.calibrate(client, stored.staff(f"N{number}"), level)
    assert queries() == before <= 4


def test_the_queries_of_a_certificate_are_few(calibration, surveyor):
    client = browser(surveyor)
    client.get(page("certificate", calibration))
    with CaptureQueriesContext(connection) as captured:
        client.get(page("certificate", calibration))
    assert len(captured) <= 4


def test_no_page_needs_an_inline_style_or_script(calibration, surveyor):
    client = browser(surveyor)
    pages = [page(name, calibration) for name in ("certificate", "verify")]
    for address in (REGISTRY, FORM, *pages):
        html = client.get(address).content.decode()
        assert not re.search(r"\sstyle=|<style|<script|\son[a-z]+=", html)


def test_a_history_loads_no_files(calibration, surveyor, staff, level):
    client = browser(surveyor)
    for day in (1, 2, 3):
        stored.calibrate(client, staff, level, date=f"2026-03-0{day}")
    with CaptureQueriesContext(connection) as captured:
        html = client.get(reverse("instruments:staff_detail", args=[staff.pk])).text
    assert html.count('<th scope="row">') == 4
    assert len(captured) <= 4
    assert not [query for query in captured if "file_text" in query["sql"]]


@pytest.mark.parametrize("name", ["certificate", "pdf", "verify"])
def test_a_result_cannot_be_posted_to(name, calibration, surveyor):
    assert browser(surveyor).post(page(name, calibration)).status_code == 405


def test_a_warning_shows_on_the_page_and_not_on_paper(calibration, surveyor):
    StaffCalibration.objects.update(check_factor=1.0004)
    html = browser(surveyor).get(page("certificate", calibration)).content.decode()
    assert "more than 50 ppm" in html
    response = browser(surveyor).get(page("pdf", calibration))
    assert "ppm." not in PdfReader(io.BytesIO(response.content)).pages[0].extract_text()


@pytest.fixture(scope="module")
def staff_types_afterwards(django_db_setup, django_db_blocker):
    """Add the staff types again: after a test with transactions the database is empty,
    of what the migrations brought too."""
    yield
    migration = import_module("instruments.migrations.0002_staff_types")
    with django_db_blocker.unblock():
        migration.add_staff_types(apps, None)


def somebody_waits_for_a_lock():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("staff_types_afterwards")
@pytest.mark.skipif(
    "connection.vendor == 'sqlite'", reason="SQLite has one writer at a time"
)
def test_of_two_simultaneous_uploads_one_is_stored(surveyor, staff, level):
    stored.reference()
    template = stored.calibrate(browser(surveyor), staff, level)
    assert template.status_code == 302
    first = StaffCalibration.objects.get()
    StaffCalibration.objects.all().delete()
    responses = []

    def upload():
        responses.append(stored.calibrate(browser(surveyor), staff, level))
        connection.close()

    second = threading.Thread(target=upload)
    with transaction.atomic():
        # Not committed yet, so that the second upload cannot see it …
        first.save(force_insert=True)
        second.start()
        # … and waits at the unique constraint until it is.
        until(somebody_waits_for_a_lock)
        assert second.is_alive()
    second.join(timeout=PATIENCE)
    assert StaffCalibration.objects.get().pk == first.pk
    [response] = responses
    assert response.status_code == 200
    assert "stored a moment ago" in response.content.decode()
