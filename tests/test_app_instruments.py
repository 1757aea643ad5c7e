"""Staves, levels and staff types."""

import io
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from instruments.models import DigitalLevel, Staff, StaffType
from tests.support.people import authority, browser, user

pytestmark = pytest.mark.django_db


def answers(**changes):
    return {
        "number": "301",
        "type": StaffType.objects.get(name="Invar").pk,
        "length": "3",
        "standard_temperature": "25",
        "factor": "",
        "calibration_date": "",
    } | changes


def add(client, **changes):
    return client.post(reverse("instruments:staff_add"), answers(**changes))


@pytest.fixture
def surveyor():
    return browser(user("a@example.com", "AAA"))


@pytest.fixture
def officer():
    return browser(user("officer@example.com", "CCC", is_staff=True))


def test_a_surveyor_adds_a_staff_of_the_own_authority(surveyor):
    other = authority("BBB")
    add(surveyor, owner=other.pk)
    assert Staff.objects.get().owner.abbreviation == "AAA"


def test_a_range_officer_adds_a_staff_of_any_authority(officer):
    other = authority("BBB")
    add(officer, owner=other.pk)
    assert Staff.objects.get().owner == other


def test_a_colleague_changes_a_staff_but_not_its_owner(surveyor):
    add(surveyor)
    colleague = browser(user("colleague@example.com", "AAA"))
    staff = Staff.objects.get()
    path = reverse("instruments:staff_change", args=[staff.pk])
    colleague.post(path, answers(number="302", owner=authority("BBB").pk))
    staff.refresh_from_db()
    assert (staff.number, staff.owner.abbreviation) == ("302", "AAA")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", ""),
        ("number", "x" * 16),
        ("number", "nul\0"),
        ("type", ""),
        ("length", "0.99"),
        ("length", "7.01"),
        ("length", "nan"),
        ("length", "inf"),
        ("length", "1e400"),
        ("standard_temperature", "-11"),
        ("standard_temperature", "56"),
        ("factor", "12.3"),
        ("factor", "0.0000123"),
        ("factor", "nan"),
        ("factor", "0.9899"),
        ("factor", "1.0101"),
        ("calibration_date", "yesterday"),
    ],
)
def test_a_faulty_staff_is_a_form_error_and_is_not_stored(surveyor, field, value):
    given = {"factor": "1.00001", "calibration_date": "2025-03-01"} | {field: value}
    response = add(surveyor, **given)
    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert not Staff.objects.exists()


@pytest.mark.parametrize(
    ("factor", "day"), [("1.00001", ""), ("", "2025-03-01")], ids=["factor", "date"]
)
def test_factor_and_date_come_together(surveyor, factor, day):
    response = add(surveyor, factor=factor, calibration_date=day)
    assert "or neither" in response.text
    assert not Staff.objects.exists()


def test_a_calibration_of_tomorrow_is_refused(surveyor):
    today = timezone.localdate()
    add(surveyor, factor="1", calibration_date=today + timedelta(days=1))
    assert not Staff.objects.exists()
    add(surveyor, factor="1", calibration_date=today)
    assert Staff.objects.exists()


def test_a_number_is_used_once_by_an_authority(surveyor):
    add(surveyor)
    response = add(surveyor)
    assert "already has a staff with this number" in response.text
    add(browser(user("b@example.com", "BBB")))
    assert Staff.objects.count() == 2


def test_the_database_keeps_what_the_form_demands(surveyor):
    add(surveyor)
    staff = Staff.objects.get()
    staff.factor = 1.00001
    with pytest.raises(IntegrityError), transaction.atomic():
        staff.save()
    staff.pk, staff.factor = None, None
    with pytest.raises(IntegrityError), transaction.atomic():
        staff.save()


def test_a_length_keeps_its_full_precision(surveyor):
    add(surveyor, factor="1.0000123456789", calibration_date="2025-03-01")
    assert Staff.objects.get().factor == 1.0000123456789


def test_the_change_form_shows_what_is_stored(surveyor):
    add(surveyor, factor="1.0000123456789", calibration_date="2025-03-01")
    path = reverse("instruments:staff_change", args=[Staff.objects.get().pk])
    page = surveyor.get(path).text
    assert 'value="1.0000123456789"' in page
    assert 'value="2025-03-01"' in page


def test_a_surveyor_adds_a_level(surveyor):
    path = reverse("instruments:level_add")
    level = {"number": "704211", "make": "Leica", "model": "LS15"}
    assert surveyor.post(path, level | {"number": "x" * 16}).status_code == 200
    assert surveyor.post(path, level).status_code == 302
    assert "already has a level with this number" in surveyor.post(path, level).text
    assert str(DigitalLevel.objects.get()) == "Leica LS15 704211"


@pytest.mark.parametrize("coefficient", ["-0.1", "50.1", "nan", ""])
def test_a_faulty_thermal_coefficient_is_refused(officer, coefficient):
    answers = {"name": "Bamboo", "thermal_coefficient": coefficient}
    response = officer.post(reverse("instruments:type_add"), answers)
    assert response.context["form"].errors
    assert not StaffType.objects.filter(name="Bamboo").exists()


def test_a_range_officer_adds_and_changes_a_staff_type(officer):
    answers = {"name": "Bamboo", "thermal_coefficient": "4"}
    officer.post(reverse("instruments:type_add"), answers)
    bamboo = StaffType.objects.get(name="Bamboo")
    path = reverse("instruments:type_change", args=[bamboo.pk])
    officer.post(path, answers | {"thermal_coefficient": "0"})
    bamboo.refresh_from_db()
    assert bamboo.thermal_coefficient == 0


@pytest.mark.parametrize(
    ("name", "coefficient"),
    [
        ("Invar", 0.81),
        ("Fibreglass", 10),
        ("Wood", 3),
        ("Aluminium", 23),
        ("Steel", 11),
        ("Carbon/epoxy", 2.1),
        ("E-glass", 5),
        ("S2-glass", 2.9),
    ],
)
def test_the_typical_staff_types_are_there(name, coefficient):
    assert StaffType.objects.get(name=name).thermal_coefficient == coefficient


def test_the_staff_types_can_be_taken_back_and_keep_what_is_used():
    migration = import_module("instruments.migrations.0002_staff_types")
    Staff.objects.create(
        number="301",
        type=StaffType.objects.get(name="Invar"),
        length=3,
        owner=authority(),
    )
    migration.remove_unused_staff_types(apps, None)
    assert [one.name for one in StaffType.objects.all()] == ["Invar"]
    migration.add_staff_types(apps, None)
    assert StaffType.objects.count() == 8


def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, stdout=io.StringIO())


@pytest.mark.parametrize("rows", [1, 30])
@pytest.mark.parametrize(
    "name",
    [
        "instruments:staff_list",
        "instruments:level_list",
        "instruments:type_list",
        "accounts:user_list",
        "accounts:authority_list",
    ],
)
def test_a_list_page_makes_at_most_four_queries(
    officer, django_assert_max_num_queries, name, rows
):
    of_a = authority("AAA")
    for number in range(rows):
        kind = StaffType.objects.create(name=f"Kind {number}", thermal_coefficient=1)
        Staff.objects.create(number=number, type=kind, length=3, owner=of_a)
        DigitalLevel.objects.create(number=number, make="x", model="y", owner=of_a)
        user(f"{number}@example.com", of=f"AUTH{number}")
    with django_assert_max_num_queries(4):
        assert officer.get(reverse(name)).status_code == 200


@pytest.mark.parametrize(
    "page", ["1", "2", "3", "0", "-1", "x", "99999999999999999999"]
)
def test_a_long_list_is_shown_by_pages(officer, page):
    for number in range(60):
        DigitalLevel.objects.create(
            number=number, make="x", model="y", owner=authority("AAA")
        )
    response = officer.get(reverse("instruments:level_list"), {"page": page})
    shown = response.context["page"]
    assert len(shown) == (10 if shown.number == 2 else 50)
    assert f"Page {shown.number} of 2" in response.text
