"""Instruments, a reference table and calibrations in the database, for the tests."""

import random
from datetime import date

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from instruments.models import DigitalLevel, Staff, StaffType
from range_calibration.models import RangeParameter
from tests.support import campaigns
from tests.support.people import authority

KNOWN = campaigns.heights(random.Random(31))
DAY = date(2026, 3, 14)


def staff(number="S1", of="AAA", type="Fibreglass", **fields):
    return Staff.objects.create(
        number=number,
        owner=authority(of),
        type=StaffType.objects.get(name=type),
        **{"length": 4} | fields,
    )


def invar(number="INV1", of="AAA"):
    return staff(
        number, of, "Invar", length=3, factor=1.00001, calibration_date=date(2025, 1, 9)
    )


def level(number="704211", of="AAA"):
    return DigitalLevel.objects.create(
        number=number, owner=authority(of), make="Maker", model="M1"
    )


def reference(month=DAY.month, known=KNOWN):
    RangeParameter.objects.bulk_create(
        RangeParameter(interval=interval, month=month, value=value, campaigns=1)
        for interval, value in known.items()
    )


def readings(factor=1.0003, known=KNOWN):
    """Return a file of two set-ups of a staff of that factor."""
    runs = [
        campaigns.run(known, pins, factor=factor)
        for pins in (campaigns.UPPER, campaigns.LOWER)
    ]
    return campaigns.csv_file(runs).encode()


def answers(staff, level, content=None, **changes):
    """Return what a surveyor fills into the form of a calibration."""
    fields = {
        "staff": staff.pk,
        "level": level.pk,
        "observer": "M. Jones",
        "date": DAY.isoformat(),
        "start_temperature": "19",
        "end_temperature": "22",
        "two_peg_test": "on",
    }
    if content is not None:
        fields["file"] = SimpleUploadedFile("readings.csv", content)
    return fields | changes


def calibrate(browser, staff, level, content=None, **changes):
    content = readings() if content is None else content
    return browser.post(
        reverse("staff_calibration:calibrate"),
        answers(staff, level, content, **changes),
    )
