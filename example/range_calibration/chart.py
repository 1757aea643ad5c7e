"""The geometry of the chart of the year, in the units of its SVG view box."""

import calendar
import math
from dataclasses import dataclass

from .monthly_means import MONTHS, monthly_sums, yearly_cycle

LEFT = 56
COLUMN = 52
BAR = 32
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

    @property
    def centre(self):
        return self.x + BAR // 2


@dataclass(frozen=True, slots=True)
class Chart:
    """The bars of the twelve months and the largest value [mm] of the scale."""

    bars: tuple[Bar, ...]
    scale: float


def chart(table):
    """Lay out the yearly cycle of a table (heights [m] by month and interval).

    Returns None while no month is complete.
    """
    cycle = yearly_cycle(monthly_sums(table))
    if not cycle:
        return None
    largest = max(abs(value) for value in cycle.values())
    scale = max(math.ceil(largest * 10) / 10, 0.1)
    return Chart(tuple(_bar(month, cycle.get(month), scale) for month in MONTHS), scale)


def _bar(month, value, scale):
    length = abs(value or 0) / scale * HALF_HEIGHT
    is_up = (value or 0) >= 0
    return Bar(
        month=calendar.month_abbr[month],
        value=value,
        x=LEFT + (month - 1) * COLUMN,
        y=ZERO - length if is_up else ZERO,
        height=length,
        label_y=ZERO - length - 6 if is_up else ZERO + length + 18,
    )
