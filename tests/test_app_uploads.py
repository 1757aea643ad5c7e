"""A corpus of bad uploads: each is a form error, and nothing is stored."""

import io
import random
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import InMemoryUploadedFile, SimpleUploadedFile
from django.test import RequestFactory
from django.urls import reverse
from django.utils.html import escape

from measuring.limits import UPLOAD
from measuring.reading import Reading
from range_calibration.models import RangeMeasurement
from staff_calibration.models import StaffCalibration, StaffReading
from tests.support import campaigns, stored
from tests.support.people import HOSTILE, browser, user

pytestmark = pytest.mark.django_db

READINGS = stored.readings()
ROWS = READINGS.decode().splitlines()
RANDOM_BYTES = random.Random(5).randbytes(3000)


def with_row(number, row):
    """Return the good file with one row of it replaced."""
    return "\n".join([*ROWS[:number], row, *ROWS[number + 1 :]]).encode()


def renumbered(pins):
    rows = [f"{pin},{0.1 + 0.19 * index:.5f},5,0" for index, pin in enumerate(pins)]
    return "\n".join([ROWS[0], *rows]).encode()


BAD_READINGS = {
    "0 bytes": b"",
    "blank lines": b"\n\r\n  \n",
    "byte order mark alone": b"\xef\xbb\xbf",
    "header alone": ROWS[0].encode(),
    "no header": "\n".join(ROWS[1:]).encode(),
    "300 kB": READINGS + b"\n" * 300_000,
    "one byte too large": READINGS + b"\n" * (UPLOAD + 1 - len(READINGS)),
    "300 kB of one line": b"1" * 300_000,
    "200 kB of commas": b"," * UPLOAD,
    "200 kB of quotes": b'"' * UPLOAD,
    "150 kB in a cell": with_row(3, "3," + "1" * 150_000 + ",5,0"),
    "too many rows": "\n".join([ROWS[0], *ROWS[1:] * 25]).encode(),
    "truncated in a row": READINGS[: READINGS.index(b"\n8,") + 8],
    "truncated after three rows": "\n".join(ROWS[:4]).encode(),
    "random bytes": RANDOM_BYTES,
    "png": b"\x89PNG\r\n\x1a\n" + RANDOM_BYTES,
    "zip": b"PK\x03\x04" + RANDOM_BYTES,
    "nul bytes": READINGS.replace(b",%d," % campaigns.COUNT, b",\0,"),
    "nul at the end": READINGS + b"\0",
    "utf-16": READINGS.decode().encode("utf-16"),
    "utf-16-be without mark": READINGS.decode().encode("utf-16-be"),
    "utf-32": READINGS.decode().encode("utf-32"),
    "latin-1": "Höhe\n".encode("latin-1") + READINGS,
    "cut utf-8": READINGS + b"\xe2\x82",
    "html": b"<!doctype html><p>Session expired",
    "level report": campaigns.dna03(campaigns.campaign(random.Random(1))).encode(),
    "semicolons": READINGS.replace(b",", b";"),
    "tabs": READINGS.replace(b",", b"\t"),
    "decimal commas": READINGS.replace(b".", b","),
    "three cells": with_row(5, "5,0.86,5"),
    "five cells": with_row(5, "5,0.86,5,0,0"),
    "nan": with_row(5, "5,NaN,5,0"),
    "infinity": with_row(5, "5,inf,5,0"),
    "overflow": with_row(5, "5,1e400,5,0"),
    "long exponent": with_row(5, "5,1e" + "9" * 400 + ",5,0"),
    "hexadecimal": with_row(5, "5,0x1,5,0"),
    "empty cell": with_row(5, "5,,5,0"),
    "words": with_row(5, "five,one,two,three"),
    "formula": with_row(5, '=HYPERLINK("x"),0.86,5,0'),
    "minus sign": with_row(5, "5,\u22120.86,5,0"),
    "negative reading": with_row(5, "5,-0.86,5,0"),
    "beyond the staff": with_row(15, "15,4.2,5,0"),
    "millimetres": with_row(5, "5,860,5,0"),
    "negative deviation": with_row(5, "5,0.8,5,-0.0001"),
    "infinite deviation": with_row(5, "5,0.8,5,inf"),
    "deviation that overflows": with_row(5, "5,0.8,5,1e200"),
    "deviation that underflows": with_row(5, "5,0.8,5,1e-200"),
    "fraction of a count": with_row(5, "5,0.8,2.5,0"),
    "no count": with_row(5, "5,0.8,0,0"),
    "huge count": with_row(5, "5,0.8," + "9" * 5000 + ",0"),
    "pin 0": with_row(1, "0,0.01,5,0"),
    "pin 22": with_row(30, "22,3.9,5,0"),
    "huge pin": with_row(5, "9" * 5000 + ",0.8,5,0"),
    "fraction of a pin": with_row(5, "5.5,0.8,5,0"),
    "pins jump": renumbered([1, 2, 4, 5, 6, 7, 8]),
    "pins fall": renumbered([7, 6, 5, 4, 3, 2, 1]),
    "one pin": renumbered([3] * 8),
    "set-up of one row": renumbered([1, 2, 3, 4, 5, 6, 7, 3]),
    "four intervals": renumbered([1, 2, 3, 4, 5]),
    "equal readings": with_row(5, ROWS[4].replace("4,", "5,", 1)),
    "falling readings": with_row(5, "5,0.001,5,0"),
    "tiny differences": "\n".join(
        [ROWS[0], *(f"{pin},{pin}e-300,5,0" for pin in range(1, 9))]
    ).encode(),
    "another range": renumbered(range(1, 20)).replace(b"0.1", b"0.0"),
    "scaled by two": stored.readings(factor=2.0),
}

SETS = campaigns.campaign(random.Random(51))
UPPER, LOWER = SETS
DNA03 = campaigns.dna03(SETS)
BFOD = campaigns.bfod(SETS)
BAD_REPORTS = {
    "0 bytes": "",
    "byte order mark alone": "\ufeff",
    "readings": READINGS.decode(),
    "header alone": DNA03[: DNA03.index("| Line")],
    "first set alone": DNA03[: DNA03.index("| Line: LINE00002")],
    "truncated in the second set": DNA03[: DNA03.rindex("         18|")],
    "truncated BFOD": BFOD[: len(BFOD) - 1200],
    "nul": DNA03 + "\0",
    "300 kB": DNA03 + "\n" * 300_000,
    "no column header": DNA03.replace("|   BS ", "|      "),
    "no pins column": DNA03.replace("PT ID", "     "),
    "no deviation column": BFOD.replace("STD", "   "),
    "nan": DNA03.replace(f"{UPPER[0].value:9.5f}", "      nan", 1),
    "infinity": BFOD.replace(f"{UPPER[3].value:9.5f}", "      inf", 1),
    "overflow": BFOD.replace(f"{UPPER[3].value:9.5f}", "    1e999", 1),
    "far away": BFOD.replace(f"{UPPER[3].value:9.5f}", "  812.000", 1),
    "negative": BFOD.replace(f"{UPPER[3].value:9.5f}", "   -0.812", 1),
    "named pins": DNA03.replace("         15|", "        P15|"),
    "huge pin": DNA03.replace("         15|", "9" * 5000 + "|"),
    "count of nothing": DNA03.replace("|  10|", "|    |"),
    "three sets": campaigns.dna03([UPPER, LOWER, LOWER]),
    "one set": campaigns.dna03([UPPER]),
    "no sets": campaigns.dna03([None, None]),
    "the same set twice": campaigns.dna03([UPPER, UPPER]),
    "mixed sets": campaigns.dna03([UPPER[:7] + LOWER[7:], LOWER[:7] + UPPER[7:]]),
    "a lost pin": campaigns.bfod([UPPER[:4] + UPPER[5:], LOWER]),
    "pins in disorder": campaigns.bfod([UPPER[::-1], LOWER]),
    "no overlap": campaigns.dna03([UPPER[:6], LOWER]),
    "pins 2 to 21": campaigns.dna03([UPPER[1:], LOWER]),
    "pins 0 to 14": campaigns.dna03(
        [[Reading(row.pin - 1, row.value, 10, 0) for row in UPPER], LOWER]
    ),
    "two readings in a row": DNA03.replace(
        "|         |    9.873", "|  3.00000|    9.873"
    ),
    "deviation of kilometres": BFOD.replace("|  10| ", "|  10|9"),
}
BAD_REPORT_BYTES = {
    **{name: text.encode() for name, text in BAD_REPORTS.items()},
    "utf-16": DNA03.encode("utf-16"),
    "random bytes": RANDOM_BYTES,
    "random bytes after a header": b"Level Type  : DNA03\n" + RANDOM_BYTES,
    "pdf": b"%PDF-1.7\n" + RANDOM_BYTES,
}


def test_the_corpus_is_large_enough():
    assert len(BAD_READINGS) + len(BAD_REPORT_BYTES) >= 60


@pytest.fixture
def bench():
    """Return a surveyor, an officer, their instruments and a complete month."""
    stored.reference()
    return SimpleNamespace(
        surveyor=browser(user()),
        officer=browser(user("officer@example.com", is_staff=True)),
        staff=stored.staff(),
        level=stored.level(),
    )


def test_the_good_files_are_accepted(bench):
    response = stored.calibrate(bench.surveyor, bench.staff, bench.level, READINGS)
    assert response.status_code == 302
    for report in (DNA03, BFOD):
        file = SimpleUploadedFile("report.ASC", report.encode())
        response = bench.officer.post(
            reverse("range_calibration:upload"), {"file": file}
        )
        assert "kept" in response.context["form"].fields


@pytest.mark.parametrize("content", BAD_READINGS.values(), ids=BAD_READINGS)
def test_bad_readings_are_a_form_error(content, bench):
    """The mistake: a row saved before the file was parsed stayed for ever."""
    response = stored.calibrate(bench.surveyor, bench.staff, bench.level, content)
    assert response.status_code == 200
    assert response.context["form"].errors["file"]
    assert not StaffCalibration.objects.exists()
    assert not StaffReading.objects.exists()
    bench.staff.refresh_from_db()
    assert bench.staff.factor is None
    # The day is free for the right file.
    response = stored.calibrate(bench.surveyor, bench.staff, bench.level, READINGS)
    assert response.status_code == 302


@pytest.mark.parametrize("content", BAD_REPORT_BYTES.values(), ids=BAD_REPORT_BYTES)
def test_a_bad_report_is_a_form_error(content, bench):
    file = SimpleUploadedFile("report.ASC", content)
    response = bench.officer.post(reverse("range_calibration:upload"), {"file": file})
    assert response.status_code == 200
    assert response.context["form"].errors["file"]
    assert not RangeMeasurement.objects.exists()


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "a" * 300 + ".csv", "läs\u202egpj.csv", ".csv", "C:\\x.csv"],
)
def test_an_odd_file_name_is_stored_as_text_or_refused(name, bench):
    file = SimpleUploadedFile("readings.csv", READINGS)
    file.name = name
    answers = stored.answers(bench.staff, bench.level) | {"file": file}
    response = bench.surveyor.post(reverse("staff_calibration:calibrate"), answers)
    assert response.status_code in (200, 302)
    for calibration in StaffCalibration.objects.all():
        assert "/" not in calibration.file_name
        assert len(calibration.file_name) <= 100


def test_a_hostile_file_name_is_shown_as_text(bench):
    """The mistake: Django takes a field's help for markup."""
    name = f"{HOSTILE}.csv"
    answers = stored.answers(bench.staff, bench.level, date="")
    answers["file"] = SimpleUploadedFile(name, READINGS)
    kept = bench.surveyor.post(reverse("staff_calibration:calibrate"), answers).text
    assert escape(name) in kept
    report = {"file": SimpleUploadedFile(name, DNA03.encode())}
    preview = bench.officer.post(reverse("range_calibration:upload"), report).text
    assert "<b id=x>" not in kept + preview


def test_a_text_in_place_of_the_file_is_a_form_error(bench):
    answers = stored.answers(bench.staff, bench.level) | {"file": "1,2,3"}
    response = bench.surveyor.post(reverse("staff_calibration:calibrate"), answers)
    assert response.context["form"].errors["file"]


def test_little_is_kept_of_a_large_file(bench):
    """Neither in memory nor on the disk; the message tells the limit all the same."""
    content = b"x" * 5_000_000
    upload = {"file": SimpleUploadedFile("readings.csv", content)}
    received = RequestFactory().post("/", upload).FILES["file"]
    assert isinstance(received, InMemoryUploadedFile)
    assert received.size == len(content)
    assert len(received.read()) < 300_000
    response = stored.calibrate(bench.surveyor, bench.staff, bench.level, content)
    errors = response.context["form"].errors["file"]
    assert errors == ["The file is larger than 200 kB."]


def test_a_form_takes_one_file(bench):
    files = {"file": SimpleUploadedFile("1.csv", READINGS), "more": io.BytesIO(b"2")}
    answers = stored.answers(bench.staff, bench.level) | files
    response = bench.surveyor.post(reverse("staff_calibration:calibrate"), answers)
    assert response.status_code == 400
    assert "This request could not be read" in response.text
