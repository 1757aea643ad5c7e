"""Compute the monthly reference table from the campaigns; no Django here.

20 intervals × 12 calendar months. The range moves by about 1 mm over the year, so every
month has its own values. Heights in metres; nothing is rounded.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from measuring.reading import INTERVALS

MONTHS = range(1, 13)

# Distances to the mean that differ by less than a micrometre count as equal.
AS_NEAR = 1e-6


@dataclass(frozen=True, slots=True)
class Campaign:
    """The month of a campaign (1 … 12) and its adjusted heights [m] by interval."""

    month: int
    heights: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class ReferenceValue:
    """The height [m] of an interval in a month, from so many campaigns."""

    interval: int
    month: int
    value: float
    campaigns: int


def reference_value(heights: Sequence[float]) -> float:
    """Combine the n ≥ 1 heights [m] of one interval in one month.

    n = 1: the height; n = 2: the mean; n ≥ 3: the mean of the two heights nearest to
    the mean of all n, and of any further ones that are as near as the second within
    10⁻⁶ m. (The specification of the calibration, 6b.)
    """
    mean = math.fsum(heights) / len(heights)
    if len(heights) < 3:
        return mean
    ordered = sorted(heights, key=lambda height: abs(height - mean))
    limit = abs(ordered[1] - mean) + AS_NEAR
    nearest = [height for height in ordered if abs(height - mean) <= limit]
    return math.fsum(nearest) / len(nearest)


def monthly_table(campaigns: Iterable[Campaign]) -> tuple[ReferenceValue, ...]:
    """Combine all campaigns of a calendar month, whatever their year.

    A month without a campaign has no value. (The specification of the calibration, 6b.)
    """
    heights: dict[tuple[int, int], list[float]] = {}
    for campaign in campaigns:
        for interval, height in campaign.heights.items():
            heights.setdefault((campaign.month, interval), []).append(height)
    return tuple(
        ReferenceValue(interval, month, reference_value(values), len(values))
        for (month, interval), values in sorted(heights.items())
    )


def monthly_sums(table: Mapping[int, Mapping[int, float]]) -> dict[int, float]:
    """Σ of the 20 intervals [m] by month, for the months that have all 20.

    `table` gives the heights by month and interval.
    """
    return {
        month: math.fsum(heights[interval] for interval in INTERVALS)
        for month, heights in sorted(table.items())
        if all(interval in heights for interval in INTERVALS)
    }


def yearly_cycle(sums: Mapping[int, float]) -> dict[int, float]:
    """(sum − mean of the available monthly sums) × 1000 [mm] by month."""
    if not sums:
        return {}
    mean = math.fsum(sums.values()) / len(sums)
    return {month: (total - mean) * 1000 for month, total in sums.items()}
