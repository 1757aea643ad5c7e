"""The geometry of the chart of the year, in the units of its SVG view box."""

import calendar
import math
from dataclasses import dataclass

from measuring.display import decimals

from .monthly_means import MONTHS, monthly_sums, yearly_cycle

COLUMN = 52
ZERO = 130
HALF_HEIGHT = 100


@dataclass(frozen=True, slots=True)
class Bar:
    """One month: its value [mm] or None, and the rectangle that shows it."""

    month: str
    value: float | None
    x: int
    y: float
    height: float
    label_y: float

    width = 32

    @property
    def centre(self):
        """Where its texts are centred."""
        return self.x + self.width // 2


@dataclass(frozen=True, slots=True)
class Line:
    """A line across the chart and its value [mm]."""

    y: int
    label: str
    opacity: str

    @property
    def label_y(self):
        """The baseline of its label, which centres the label on the line."""
        return self.y + 4


@dataclass(frozen=True, slots=True)
class Chart:
    """The bars of the twelve months between the lines of the scale."""

    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]

    view_box = "0 0 700 280"
    left = 48
    right = 680
    label_right = 42
    months_y = 268


def chart(table):
    """Lay out the yearly cycle of a table (heights [m] by month and interval).

    Returns None while no month is complete.
    """
    cycle = yearly_cycle(monthly_sums(table))
    if not cycle:
        return None
    largest = max(abs(value) for value in cycle.values())
    scale = max(math.ceil(largest * 10) / 10, 0.1)
    return Chart(
        bars=tuple(_bar(month, cycle.get(month), scale) for month in MONTHS),
        lines=(
            Line(ZERO - HALF_HEIGHT, f"+{decimals(scale, 1)}", "0.25"),
            Line(ZERO, "0", "1"),
            Line(ZERO + HALF_HEIGHT, decimals(-scale, 1), "0.25"),
        ),
    )


def _bar(month, value, scale):
    length = abs(value or 0) / scale * HALF_HEIGHT
    is_up = (value or 0) >= 0
    return Bar(
        month=calendar.month_abbr[month],
        value=value,
        x=Chart.left + 8 + (month - 1) * COLUMN,
        y=ZERO - length if is_up else ZERO,
        height=length,
        label_y=ZERO - length - 6 if is_up else ZERO + length + 18,
    )
