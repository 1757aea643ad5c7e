"""Flow A: upload, preview, adjustment report, reference table, chart."""

import hashlib
import random
import re
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from measuring.reading import INTERVALS, Reading
from range_calibration.chart import chart
from range_calibration.models import RangeMeasurement, RangeParameter
from range_calibration.reference_table import recompute
from tests.support import campaigns, stored
from tests.support.people import browser, user

pytestmark = pytest.mark.django_db

UPLOAD = reverse("range_calibration:upload")
STORE = reverse("range_calibration:store")
TABLE = reverse("range_calibration:table")
LIST = reverse("range_calibration:campaigns")
SETS = campaigns.campaign(random.Random(41))
REPORT = campaigns.bfod(SETS).encode()


@pytest.fixture
def officer():
    return browser(user("officer@example.com", is_staff=True))


@pytest.fixture
def instruments():
    return stored.invar(), stored.level("331907")


def upload(client, content=REPORT):
    file = SimpleUploadedFile("20260314.ASC", content)
    return client.post(UPLOAD, {"file": file})


def answers(preview, instruments, **changes):
    """Return the preview's form as it is prefilled, with the staff chosen."""
    form = preview.context["form"]
    fields = {name: form[name].value() for name in form.fields}
    staff, level = instruments
    chosen = {"staff": staff.pk, "level": level.pk}
    return {**fields, **chosen, "date": fields["date"] or "2026-03-14", **changes}


def add_campaign(client, instruments, content=REPORT, **changes):
    preview = upload(client, content)
    assert preview.status_code == 200
    return client.post(STORE, answers(preview, instruments, **changes))


def test_the_preview_shows_the_reduced_readings_and_stores_nothing(
    officer, instruments
):
    preview = upload(officer)
    html = preview.content.decode()
    upper, lower = SETS
    for row in (*upper, *lower):
        assert f"{row.value:.5f}" in html
    assert f"{round(upper[1].value, 5) - round(upper[0].value, 5):.5f}" in html
    assert "Nothing is stored yet" in html
    assert not RangeMeasurement.objects.exists()


def test_the_file_prefills_the_form(officer, instruments):
    form = upload(officer).context["form"]
    assert [form[name].value() for name in form.fields if "temperature" in name] == [
        20, 21, 22, 24,
    ]  # fmt: skip
    assert form["date"].value() == date(2026, 3, 14)
    assert form["level"].value() == instruments[1].pk
    assert form["observer"].value() == "Mary Jones"


def test_a_stored_campaign_fills_the_table_of_its_month(officer, instruments):
    response = add_campaign(officer, instruments, start_temperature1="19.5")
    campaign = RangeMeasurement.objects.get()
    assert response.status_code == 302
    assert response.url == campaign.get_absolute_url()
    assert campaign.start_temperature1 == 19.5
    assert campaign.file_name == "20260314.ASC"
    adjusted = {one.interval: one.value for one in campaign.adjust()}
    rows = RangeParameter.objects.filter(month=3, campaigns=1)
    assert dict(rows.values_list("interval", "value")) == adjusted
    assert set(adjusted) == set(INTERVALS)


def test_the_original_file_is_kept_with_its_digest(officer, instruments):
    content = REPORT.replace(b"METHOD : BF", b"METHOD : \xb0F")
    add_campaign(officer, instruments, content)
    campaign = RangeMeasurement.objects.get()
    assert campaign.file_text.encode("latin-1") == content
    assert campaign.file_sha256 == hashlib.sha256(content).hexdigest()


def test_the_same_day_and_staff_are_stored_once(officer, instruments):
    add_campaign(officer, instruments)
    response = add_campaign(officer, instruments)
    assert response.status_code == 200
    assert (
        "There is already a campaign with this staff on this day"
        in response.content.decode()
    )
    assert RangeMeasurement.objects.count() == 1


@pytest.mark.parametrize("kept", ["", "x", "\0"])
def test_a_preview_that_we_did_not_sign_stores_nothing(kept, officer, instruments):
    response = add_campaign(officer, instruments, kept=kept)
    assert (response.status_code, response.url) == (302, UPLOAD)
    assert not RangeMeasurement.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"start_temperature1": "56"},
        {"end_temperature2": "nan"},
        {"end_temperature2": ""},
        {"date": "2999-01-01"},
        {"observer": "\0"},
        {"staff": ""},
    ],
)
def test_a_wrong_field_stores_nothing_and_keeps_the_preview(
    changes, officer, instruments
):
    response = add_campaign(officer, instruments, **changes)
    assert response.status_code == 200
    assert response.context["form"].errors
    assert "Set 2" in response.content.decode()
    assert not RangeMeasurement.objects.exists()


def test_a_staff_of_unknown_factor_cannot_measure_the_range(officer, instruments):
    unknown = stored.staff("U1", type="Invar")
    response = add_campaign(officer, instruments, staff=unknown.pk)
    assert "staff" in response.context["form"].errors


@pytest.mark.parametrize(("day", "warned"), [("2026-03-13", True), (None, False)])
def test_a_date_that_differs_from_the_file_is_warned_of(
    day, warned, officer, instruments
):
    changes = {"date": day} if day else {}
    response = add_campaign(officer, instruments, **changes)
    html = officer.get(response.url).content.decode()
    assert ("The date differs" in html) == warned


def test_the_report_marks_large_residuals(officer, instruments):
    upper, lower = SETS
    wrong = Reading(12, upper[11].value + 0.002, 10, upper[11].standard_deviation)
    sets = ((*upper[:11], wrong, *upper[12:]), lower)
    response = add_campaign(officer, instruments, campaigns.bfod(sets).encode())
    html = officer.get(response.url).content.decode()
    assert html.count('class="suspect"') >= 4
    assert "above 3" in html
    assert "instrument&#x27;s own" in html or "instrument's own" in html


def test_a_later_calibration_of_the_invar_staff_changes_no_campaign(
    officer, instruments
):
    add_campaign(officer, instruments)
    campaign = RangeMeasurement.objects.get()
    before = campaign.adjust()
    instruments[0].factor = 1.0001
    instruments[0].save()
    campaign.refresh_from_db()
    assert campaign.adjust() == before
    recompute()
    first = RangeParameter.objects.get(month=3, interval=1)
    assert first.value == before[0].value


def test_deleting_asks_first_and_recomputes_the_table(officer, instruments):
    """The mistake: deletes by GET."""
    add_campaign(officer, instruments)
    add_campaign(officer, instruments, date="2025-03-20")
    assert RangeParameter.objects.first().campaigns == 2
    campaign = RangeMeasurement.objects.first()
    address = reverse("range_calibration:delete", args=[campaign.pk])
    assert officer.get(address).status_code == 200
    assert RangeMeasurement.objects.count() == 2
    assert officer.post(address).status_code == 302
    assert RangeParameter.objects.first().campaigns == 1
    last = RangeMeasurement.objects.get()
    officer.post(reverse("range_calibration:delete", args=[last.pk]))
    assert not RangeParameter.objects.exists()


def test_the_admin_recomputes_the_table_too(instruments, officer):
    add_campaign(officer, instruments)
    admin = browser(user("root@example.com", is_staff=True, is_superuser=True))
    campaign = RangeMeasurement.objects.get()
    address = reverse(
        "admin:range_calibration_rangemeasurement_delete", args=[campaign.pk]
    )
    assert admin.post(address, {"post": "yes"}).status_code == 302
    assert not RangeMeasurement.objects.exists()
    assert not RangeParameter.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    ("actor", "status"), [(None, 302), ({"email": "surveyor@example.com"}, 403)]
)
def test_flow_a_belongs_to_range_officers(method, actor, status, officer, instruments):
    add_campaign(officer, instruments)
    pk = RangeMeasurement.objects.get().pk
    client = browser(user(**actor) if actor else None)
    for name, arguments in [
        ("campaigns", []), ("upload", []), ("store", []), ("table", []),
        ("campaign", [pk]), ("delete", [pk]),
    ]:  # fmt: skip
        response = getattr(client, method)(
            reverse(f"range_calibration:{name}", args=arguments)
        )
        assert response.status_code in (status, 405), name
        assert (response.status_code == 405) <= (actor is not None), name
    assert RangeMeasurement.objects.exists()


@pytest.mark.parametrize("address", [LIST, TABLE])
def test_the_queries_of_a_page_do_not_grow_with_it(address, officer, instruments):
    add_campaign(officer, instruments)
    officer.get(address)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert officer.get(address).status_code == 200
        return len(captured)

    before = queries()
    for month in range(4, 9):
        add_campaign(officer, instruments, date=f"2026-{month:02}-10")
    assert queries() == before <= 4


def test_the_table_has_a_sum_only_for_complete_months(officer):
    stored.reference(month=3)
    stored.reference(month=4, known={1: 0.19})
    html = officer.get(TABLE).content.decode()
    assert f"{sum(stored.KNOWN.values()):.5f}" in html
    assert html.count("–</td>") == 20 * 10 + 19 + 11


def render_chart():
    return Template("{% load range_chart %}{% range_chart %}").render(Context())


def test_the_chart_draws_a_bar_for_each_complete_month():
    stored.reference(month=2, known=dict.fromkeys(INTERVALS, 0.19))
    stored.reference(month=8, known=dict.fromkeys(INTERVALS, 0.19005))
    svg = render_chart()
    assert svg.count("<rect") == 2
    assert ">−0.50<" in svg and ">0.50<" in svg
    assert "style=" not in svg and "<script" not in svg


def test_without_a_complete_month_there_is_no_chart():
    stored.reference(month=2, known={1: 0.19})
    assert "<svg" not in render_chart()


@pytest.mark.parametrize("difference", [0.0, 1e-7, 0.5])
def test_the_bars_stay_inside_the_drawing(difference):
    table = {
        month: dict.fromkeys(INTERVALS, 0.19 + difference * (month == 7) / 20)
        for month in range(1, 13)
    }
    drawn = chart(table)
    top, _, bottom = (line.y for line in drawn.lines)
    for bar in drawn.bars:
        assert top <= bar.y <= bar.y + bar.height <= bottom


def test_no_page_needs_an_inline_style_or_script(officer, instruments):
    add_campaign(officer, instruments)
    campaign = RangeMeasurement.objects.get()
    for address in (LIST, TABLE, UPLOAD, campaign.get_absolute_url()):
        html = officer.get(address).content.decode()
        assert not re.search(r"\sstyle=|<style|<script|\son[a-z]+=", html)
    assert not re.search(r"\sstyle=|<script", upload(officer).content.decode())
