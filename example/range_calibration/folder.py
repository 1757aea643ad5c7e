"""A folder of level reports from past years, read campaign by campaign.

Each campaign is a folder `YYYYMMDD-<staff>-<initials>` with one .ASC file. CSV files
with observation_date (d/m/yyyy), staff_number, level_number and the four temperatures
may be in the same folder; without a row there, the temperatures of the report count.
"""

import csv
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.core.exceptions import ValidationError

from instruments.models import DigitalLevel, Staff
from measuring.uploads import read_upload

from .forms import FALLBACK_ENCODING
from .level_report import LevelReportError, parse_level_report
from .models import RangeMeasurement

CAMPAIGN = re.compile(r"(\d{8})-(.+)-([^-]+)", re.ASCII)
TEMPERATURES = [
    "start_temperature1",
    "end_temperature1",
    "start_temperature2",
    "end_temperature2",
]
COLUMNS = ["observation_date", "staff_number", "level_number", *TEMPERATURES]


class Refused(Exception):
    """The campaign or the CSV cannot be loaded; the message explains why."""


class AlreadyLoaded(Exception):
    """The campaign is in the database."""


@dataclass(frozen=True, slots=True)
class FieldNotes:
    """A row of the CSV: the level's number and the four temperatures [°C]."""

    level_number: str
    temperatures: dict[str, float]


Notes = dict[tuple[date, str], FieldNotes]


def read_notes(folder: Path) -> Notes:
    """Return the rows of the CSV files in the folder, by date and staff number.

    Raises Refused with the number of the first line that is wrong.
    """
    notes = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() == ".csv":
            notes.update(_notes_in(path))
    return notes


def _notes_in(path: Path) -> Notes:
    notes = {}
    upload = _read(path, None)
    reader = csv.DictReader(upload.text.splitlines(), skipinitialspace=True)
    missing = set(COLUMNS) - set(reader.fieldnames or ())
    if missing:
        raise Refused(f"{path.name}: no column {', '.join(sorted(missing))}")
    for row in reader:
        try:
            temperatures = {name: float(row[name]) for name in TEMPERATURES}
            if not all(map(math.isfinite, temperatures.values())):
                raise ValueError("a temperature is not a number")
            day = datetime.strptime(row["observation_date"].strip(), "%d/%m/%Y").date()
            notes[day, row["staff_number"].strip()] = FieldNotes(
                row["level_number"].strip(), temperatures
            )
        except (AttributeError, TypeError, ValueError) as error:
            raise Refused(f"{path.name}, line {reader.line_num}: {error}") from error
    return notes


def campaign_folders(folder: Path) -> Iterator[Path]:
    """Yield the folders that are named like a campaign, in the order of their names."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and CAMPAIGN.fullmatch(path.name):
            yield path


def read_campaign(folder: Path, notes: Notes) -> tuple[RangeMeasurement, str]:
    """Return the campaign of a folder, adjusted but not yet saved, and a remark.

    Raises Refused or AlreadyLoaded.
    """
    day, staff_number, initials = CAMPAIGN.fullmatch(folder.name).groups()
    try:
        day = datetime.strptime(day, "%Y%m%d").date()
    except ValueError as error:
        raise Refused(f"{day} is not a date") from error
    staff = _one(Staff.objects.select_related("type"), "staff", staff_number)
    if RangeMeasurement.objects.filter(staff=staff, date=day).exists():
        raise AlreadyLoaded
    if staff.factor is None:
        raise Refused(f"the factor of staff {staff_number} is not known")
    upload = _read(_report_file(folder), FALLBACK_ENCODING)
    try:
        report = parse_level_report(upload.text)
    except LevelReportError as error:
        raise Refused(str(error)) from error
    note = notes.get((day, staff_number)) or FieldNotes(
        report.serial_number,
        dict(zip(TEMPERATURES, _temperatures(report), strict=True)),
    )
    campaign = RangeMeasurement(
        staff=staff,
        level=_one(DigitalLevel.objects, "level", note.level_number),
        observer=initials,
        date=day,
        **note.temperatures,
    )
    try:
        campaign.clean_fields(exclude=["file_name", "file_text", "file_sha256"])
    except ValidationError as error:
        raise Refused(" ".join(error.messages)) from error
    campaign.take_file(upload)
    if report.observation_date in (None, day):
        return campaign, ""
    return campaign, f"the report is dated {report.observation_date:%d/%m/%Y}"


def _report_file(folder: Path) -> Path:
    reports = [path for path in folder.iterdir() if path.suffix.lower() == ".asc"]
    if len(reports) != 1:
        raise Refused(f"{len(reports)} .ASC files instead of one")
    return reports[0]


def _read(path: Path, fallback: str | None):
    try:
        return read_upload(path.name, path.read_bytes(), fallback)
    except OSError as error:
        raise Refused(f"{path.name}: {error.strerror}") from error
    except ValidationError as error:
        raise Refused(f"{path.name}: {error.message}") from error


def _temperatures(report) -> list[float]:
    found = [
        temperature
        for one in report.sets
        for temperature in (one.start_temperature, one.end_temperature)
    ]
    if None in found:
        raise Refused("no temperatures, neither in the CSV nor in the report")
    return found


def _one(queryset, what: str, number: str):
    found = queryset.filter(number=number)[:2]
    if len(found) != 1:
        problem = "belongs to several authorities" if found else "is not registered"
        raise Refused(f"{what} {number or '(no number)'} {problem}")
    return found[0]
