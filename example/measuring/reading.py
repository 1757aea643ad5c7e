"""Staff readings and the height differences between them; no Django here.

Lengths in metres. A staff stands on a pin and the level reads it: the lower the pin,
the greater the reading. The pins of the range are numbered 1 (highest) to 21 (lowest);
an interval is two neighbouring pins and is known by its upper pin: 1 … 20.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from measuring import limits

FIRST_PIN = 1
LAST_PIN = 21
INTERVALS = range(FIRST_PIN, LAST_PIN)

# Levels report the standard deviation of a mean rounded to 0.01 mm: 0 means "below
# 0.005 mm". σ₀ replaces it, since a weight is 1/σ².
SIGMA_0 = 1e-5

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reading:
    """The mean of `count` readings on one pin and its standard deviation [m]."""

    pin: int
    value: float
    count: int
    standard_deviation: float

    @property
    def sigma(self) -> float:
        """σ [m], never 0: σ ← σ₀ = 10⁻⁵ m where σ = 0."""
        return self.standard_deviation or SIGMA_0


Run = tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """From r_i to r_j [m], neighbouring rows, with σ_d = √(σ_i² + σ_j²) [m]."""

    interval: int
    start: float
    end: float
    sigma: float

    @property
    def value(self) -> float:
        """d = r_j − r_i [m]."""
        return self.end - self.start

    @property
    def weight(self) -> float:
        """w = 1/σ_d² [1/m²]."""
        return 1 / (self.sigma * self.sigma)


def differences(run: Run) -> Iterator[Difference]:
    """Yield the differences of the neighbouring rows of one set-up."""
    for upper, lower in pairwise(run):
        yield Difference(
            interval=upper.pin,
            start=upper.value,
            end=lower.value,
            sigma=math.hypot(upper.sigma, lower.sigma),
        )


def interval_label(interval: int) -> str:
    """Name an interval by its two pins, such as `1-2`."""
    return f"{interval}-{interval + 1}"


def is_usable_sigma(sigma: float) -> bool:
    """Say whether a standard deviation [m] is 0 or between 1 nm and 1 m."""
    smallest, largest = limits.SIGMA
    return sigma == 0 or smallest <= sigma <= largest


def finite_number(cell: str) -> float | None:
    """Return the number that a cell of a file holds, None if it holds none."""
    if not NUMBER.fullmatch(cell):
        return None
    value = float(cell)
    return value if math.isfinite(value) else None


def thermal_factor(alpha: float, temperature: float, reference: float) -> float:
    """1 + α·(T − T_ref): how a staff at T [°C] compares with itself at T_ref.

    `alpha` is the thermal coefficient [1/°C], `reference` is T_ref [°C].
    """
    return 1 + alpha * (temperature - reference)
