"""Read a digital level's report (.ASC) of one campaign of the range; no Django here.

Two programs write such reports, with the same table cells between vertical bars: BS,
INT and FS (backsight, intermediate sight, foresight [m]; a row fills one of them),
NR MS (number of measurements), STD DEV (of the mean [m]), PT ID (the pin); BFOD adds
TEMP [°C].
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from measuring import limits
from measuring.reading import (
    FIRST_PIN,
    LAST_PIN,
    Reading,
    Run,
    finite_number,
    is_usable_sigma,
)

LAYOUTS = {
    "DNA03": re.compile(r"Level Type\s*:"),
    "BFOD": re.compile(r"\bBFOD\b"),
}
DATE = re.compile(
    r"\bDate[ \t]*:[ \t]*(\d{1,2})/[ \t]*(\d{1,2})/[ \t]*(\d{4}|\d{2})\b",
    re.ASCII | re.IGNORECASE,
)
SERIAL_NUMBER = re.compile(r"\bSerial Number[ \t]*:[ \t]*([\w./-]+)", re.IGNORECASE)
LINE_NAME = re.compile(r"\|\s*Line\s*:\s*(\S*)", re.IGNORECASE)
LINE_TEMPERATURE = re.compile(
    r"\bTemp[ \t]*:[ \t]*([+-]?\d+(?:\.\d+)?)", re.ASCII | re.IGNORECASE
)
PIN = re.compile(r"\d{1,6}", re.ASCII)

SIGHTS = ("BS", "INT", "FS")
LARGEST_READING = 10.0


class LevelReportError(ValueError):
    """The report is refused; the message explains why."""


@dataclass(frozen=True, slots=True)
class LevelSet:
    """One set-up of the level, with the temperatures [°C] if the file has them."""

    readings: Run
    start_temperature: float | None
    end_temperature: float | None


@dataclass(frozen=True, slots=True)
class LevelReport:
    """A report: its layout, what its header says, and its two sets."""

    layout: str
    observation_date: date | None
    serial_number: str
    sets: tuple[LevelSet, LevelSet]


@dataclass(slots=True)
class _OpenSet:
    columns: dict[str, int]
    temperature: float | None
    readings: list[Reading] = field(default_factory=list)
    temperatures: list[float] = field(default_factory=list)


def parse_level_report(text: str) -> LevelReport:
    """Return the two sets of a report in either layout.

    A set opens at a column header with both BS and INT and closes at a line that does
    not begin with a bar, or at the next line header. Lines of the collimation test
    (`Chek…`), rows without a reading and sets without rows are passed over.
    Two sets must remain, each of consecutive pins; they overlap and cover 1 to 21.
    (The specification of the calibration, 5.2.)

    Raises LevelReportError, and nothing else, whatever the text.
    """
    layout = next((name for name, mark in LAYOUTS.items() if mark.search(text)), None)
    if layout is None:
        raise LevelReportError(
            "This is not a level report: neither a DNA03 nor a BFOD header was found."
        )
    sets = tuple(_close(opened) for opened in _open_sets(text) if opened.readings)
    _check(sets)
    return LevelReport(
        layout=layout,
        observation_date=_date(text),
        serial_number=_first_group(SERIAL_NUMBER, text),
        sets=sets,
    )


def _open_sets(text: str) -> Iterator[_OpenSet]:
    current = None
    temperature = None
    is_test = False
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        line = line.strip()
        name = LINE_NAME.match(line)
        if current and (name or not line.startswith("|")):
            yield current
            current = None
        if name:
            is_test = name[1].lower().startswith("chek")
            temperature = finite_number(_first_group(LINE_TEMPERATURE, line))
            continue
        cells = line.split("|")
        columns = _columns(cells)
        if {"BS", "INT"} <= columns.keys() and not is_test:
            if current:
                yield current
            current = _OpenSet(columns, temperature)
        elif current:
            _add_row(current, cells, number)
    if current:
        yield current


def _columns(cells: Sequence[str]) -> dict[str, int]:
    # The names take two lines ("NR" above "MS"): the first word tells them apart.
    words = (re.findall("[A-Z]+", cell.upper()) for cell in cells)
    return {word[0]: index for index, word in enumerate(words) if word}


def _add_row(current: _OpenSet, cells: Sequence[str], line: int) -> None:
    def cell(column: str) -> str:
        index = current.columns.get(column, len(cells))
        return cells[index].strip() if index < len(cells) else ""

    sights = [cell(column) for column in SIGHTS]
    values = {value for value in map(finite_number, sights) if value is not None}
    if not values:
        return
    if len(values) > 1:
        raise LevelReportError(f"Line {line}: the row has two different readings.")
    value = values.pop()
    if not 0 <= value <= LARGEST_READING:
        raise LevelReportError(
            f"Line {line}: the reading is not between 0 and {LARGEST_READING:g} m."
        )
    pin = cell("PT")
    if not PIN.fullmatch(pin):
        raise LevelReportError(f"Line {line}: the pin is not a whole number.")
    # A DNA03 report gives the count on the first row alone.
    count = finite_number(cell("NR")) if cell("NR") else _last_count(current)
    if count is None or not 1 <= count <= limits.LARGEST_COUNT or count != int(count):
        raise LevelReportError(f"Line {line}: the number of measurements is missing.")
    sigma = finite_number(cell("STD"))
    if sigma is None or not is_usable_sigma(sigma):
        raise LevelReportError(f"Line {line}: the standard deviation is not usable.")
    current.readings.append(Reading(int(pin), value, int(count), sigma))
    temperature = finite_number(cell("TEMP"))
    if temperature is not None:
        current.temperatures.append(temperature)


def _last_count(current: _OpenSet) -> float | None:
    return current.readings[-1].count if current.readings else None


def _close(opened: _OpenSet) -> LevelSet:
    # BFOD has TEMP on the first and last row, DNA03 one value in the line header.
    temperatures = opened.temperatures or [opened.temperature]
    return LevelSet(tuple(opened.readings), temperatures[0], temperatures[-1])


def _check(sets: Sequence[LevelSet]) -> None:
    if len(sets) != 2:
        raise LevelReportError(
            f"The report has {len(sets)} sets of readings; a campaign has two."
        )
    pins = [[reading.pin for reading in one.readings] for one in sets]
    for number, run in enumerate(pins, start=1):
        for upper, lower in pairwise(run):
            if lower != upper + 1:
                raise LevelReportError(
                    f"Set {number}: pin {lower} follows pin {upper}; "
                    "the pins of a set go up by one."
                )
    first, second = sorted(pins)
    if (first[0], second[-1]) != (FIRST_PIN, LAST_PIN) or second[0] > first[-1]:
        raise LevelReportError(
            f"The sets must overlap and cover the pins {FIRST_PIN} to {LAST_PIN}; "
            f"found {pins[0][0]} to {pins[0][-1]} and {pins[1][0]} to {pins[1][-1]}."
        )


def _date(text: str) -> date | None:
    found = DATE.search(text)
    if not found:
        return None
    day, month, year = (int(part) for part in found.groups())
    try:
        return date(year if year > 99 else 2000 + year, month, day)
    except ValueError:
        return None


def _first_group(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""
