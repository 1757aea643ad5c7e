"""Read a surveyor's file of readings; no Django here.

One header line, then one row per pin in observing order, separated by commas: pin,
staff reading [m], number of readings, standard deviation [m]. The words of the header
vary between users and are not compared.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

from measuring import limits
from measuring.reading import (
    FIRST_PIN,
    LAST_PIN,
    Reading,
    Run,
    finite_number,
    is_usable_sigma,
)

LEAST_ROWS = 2
LEAST_INTERVALS = 5
# Twenty times the range from two set-ups; a certificate of more cannot be read.
MOST_ROWS = 600
# The level may read this far [m] beyond the length that the staff should have.
BEYOND_STAFF = 0.1
SHOWN_ERRORS = 20

LINE_END = re.compile(r"\r\n|\r|\n")
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+")


class ReadingsFileError(ValueError):
    """The file is refused; `messages` say why, each naming its line."""

    def __init__(self, messages: list[str]) -> None:
        self.messages = messages
        super().__init__("\n".join(messages))


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    reading: Reading


def parse_readings(text: str, staff_length: float) -> tuple[Run, ...]:
    """Return the set-ups of the file, each a run of readings in observing order.

    Pins go up by one within a set-up; a lower or equal pin starts a new one. A reading
    is from 0 to `staff_length` + 0.1 m and grows from pin to pin, since the pins go
    down the slope. (The specification of the calibration, 5.1.)

    Raises ReadingsFileError, and nothing else, whatever the text.
    """
    errors: list[str] = []
    rows = _rows(text, staff_length, errors)
    runs = _runs(rows, errors)
    if not errors and sum(len(run) - 1 for run in runs) < LEAST_INTERVALS:
        errors.append(
            f"The file has fewer than {LEAST_INTERVALS} intervals between "
            "neighbouring pins."
        )
    if errors:
        raise ReadingsFileError(_shorten(errors))
    return runs


def _rows(text: str, staff_length: float, errors: list[str]) -> list[_Row]:
    lines = _cells(text, errors)
    header = next(lines, None)
    if header is None:
        errors.append("The file is empty.")
        return []
    line, cells = header
    if WHOLE_NUMBER.fullmatch(cells[0]):
        errors.append(
            f"Line {line}: the header is missing. The first line names the columns."
        )
        return []
    rows = []
    for line, cells in lines:
        if len(rows) == MOST_ROWS:
            errors.append(f"Line {line}: the file has more than {MOST_ROWS} rows.")
            break
        reading = _reading(line, cells, staff_length, errors)
        if reading:
            rows.append(_Row(line, reading))
    return rows


def _cells(text: str, errors: list[str]) -> Iterator[tuple[int, list[str]]]:
    for line, content in enumerate(LINE_END.split(text), start=1):
        if not content.strip():
            continue
        try:
            cells = next(csv.reader([content], skipinitialspace=True))
        except csv.Error as error:
            errors.append(f"Line {line}: {error}.")
            continue
        yield line, [cell.strip() for cell in cells]


def _reading(
    line: int, cells: list[str], staff_length: float, errors: list[str]
) -> Reading | None:
    if len(cells) != 4:
        errors.append(
            f"Line {line}: expected 4 cells separated by commas, found {len(cells)}."
        )
        return None
    faults = []
    pin = _whole_number(cells[0])
    if pin is None or not FIRST_PIN <= pin <= LAST_PIN:
        faults.append(f"the pin must be a whole number from {FIRST_PIN} to {LAST_PIN}")
    value = finite_number(cells[1])
    longest = staff_length + BEYOND_STAFF
    if value is None or not 0 <= value <= longest:
        faults.append(f"the reading must be a number from 0 to {longest:.1f} m")
    count = _whole_number(cells[2])
    if count is None or not 1 <= count <= limits.LARGEST_COUNT:
        faults.append(
            "the number of readings must be a whole number "
            f"from 1 to {limits.LARGEST_COUNT}"
        )
    sigma = finite_number(cells[3])
    if sigma is None or not is_usable_sigma(sigma):
        faults.append(
            "the standard deviation must be 0 or a number from 1 nanometre to 1 m"
        )
    if faults:
        errors.append(f"Line {line}: {'; '.join(faults)}.")
        return None
    return Reading(pin, value, count, sigma)


def _runs(rows: list[_Row], errors: list[str]) -> tuple[Run, ...]:
    runs: list[list[_Row]] = []
    for row in rows:
        previous = runs[-1][-1] if runs else None
        if previous is None or row.reading.pin <= previous.reading.pin:
            runs.append([row])
            continue
        runs[-1].append(row)
        # A row that was refused leaves a gap of its own making.
        if errors:
            continue
        if row.reading.pin > previous.reading.pin + 1:
            errors.append(
                f"Line {row.line}: pin {row.reading.pin} follows pin "
                f"{previous.reading.pin}; within a set-up the pins go up by one."
            )
        elif row.reading.value <= previous.reading.value:
            errors.append(
                f"Line {row.line}: the reading on pin {row.reading.pin} is not greater "
                f"than the one on pin {previous.reading.pin}, which is higher up."
            )
    if not errors:
        errors.extend(
            f"Line {run[0].line}: the set-up that starts here has only one row."
            for run in runs
            if len(run) < LEAST_ROWS
        )
    return tuple(tuple(row.reading for row in run) for run in runs)


def _whole_number(cell: str) -> int | None:
    # Ten digits are more than any column needs; Python refuses to convert thousands.
    if len(cell) > 10 or not WHOLE_NUMBER.fullmatch(cell):
        return None
    return int(cell)


def _shorten(errors: list[str]) -> list[str]:
    if len(errors) <= SHOWN_ERRORS:
        return errors
    hidden = len(errors) - SHOWN_ERRORS
    return [*errors[:SHOWN_ERRORS], f"… and {hidden} more."]
