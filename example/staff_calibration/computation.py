"""The factor of a staff from its readings on the range; no Django here.

Symbols: r reading [m], σ its standard deviation [m], T mean temperature [°C], α thermal
coefficient [1/°C], T₀ standard temperature [°C], K known height of an interval [m],
m measured height [m], k_T factor at T, k₀ factor at T₀ (true = factor × read).
Nothing is rounded here; the templates round.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from measuring import limits
from measuring.display import decimals, signed
from measuring.reading import (
    Difference,
    Run,
    differences,
    interval_label,
    thermal_factor,
)

USUAL_TEMPERATURES = (0.0, 45.0)
LARGEST_CHECK_DIFFERENCE = 50e-6
TABLE_TEMPERATURES = range(0, 41, 2)


class MissingReference(ValueError):
    """The month has no reference for some interval that was measured."""

    def __init__(self, intervals: Sequence[int]) -> None:
        self.intervals = tuple(intervals)
        super().__init__(", ".join(interval_label(number) for number in intervals))


class ImplausibleFactor(ValueError):
    """The factor is outside its limits: no staff is that wrong, the file is."""

    def __init__(self, factor: float) -> None:
        self.factor = factor
        super().__init__(f"{factor:.6f}")


@dataclass(frozen=True, slots=True)
class Observation:
    """One interval in one run: the difference of its readings and its known K [m]."""

    run: int
    difference: Difference
    known: float

    @property
    def measured(self) -> float:
        """m = r_j − r_i [m]."""
        return self.difference.value

    @property
    def correction(self) -> float:
        """K − m [m]."""
        return self.known - self.measured

    @property
    def ratio(self) -> float:
        """q = K/m."""
        return self.known / self.measured


@dataclass(frozen=True, slots=True)
class TableRow:
    """k(t) = k_T·(1 + α(t − T)) and (k(t) − 1)·1000 [mm/m] at t [°C]."""

    temperature: int
    factor: float
    correction: float


@dataclass(frozen=True, slots=True)
class ThermalFactor:
    """A factor that is valid at one temperature [°C], for a staff with α [1/°C]."""

    factor: float
    temperature: float
    thermal_coefficient: float

    def at(self, temperature: float) -> float:
        """k(t) = k_T·(1 + α·(t − T)); at T₀ it is the factor saved on the staff."""
        return self.factor * thermal_factor(
            self.thermal_coefficient, temperature, self.temperature
        )

    @property
    def unit_temperature(self) -> float | None:
        """T₁ = T + (1/k_T − 1)/α [°C], where the factor is 1; None if α = 0."""
        if self.thermal_coefficient == 0:
            return None
        return self.temperature + (1 / self.factor - 1) / self.thermal_coefficient

    @property
    def table(self) -> tuple[TableRow, ...]:
        """The factor at 0, 2, …, 40 °C: 21 rows."""
        return tuple(
            TableRow(temperature, factor, (factor - 1) * 1000)
            for temperature in TABLE_TEMPERATURES
            for factor in [self.at(temperature)]
        )


@dataclass(frozen=True, slots=True)
class Result:
    """What a calibration yields.

    `factor` is k_T with its `factor_u95`, `standard_factor` is k₀,
    `graduation_uncertainty` a 95 % value [m], `check_factor` the slope of the
    straight line through the same readings.
    """

    observations: tuple[Observation, ...]
    temperature: float
    factor: float
    factor_u95: float
    standard_factor: float
    graduation_uncertainty: float
    check_factor: float


def observations(
    runs: Sequence[Run], reference: Mapping[int, float]
) -> tuple[Observation, ...]:
    """Pair every measured interval with its known height; never across two runs.

    Raises MissingReference if an interval is not in `reference` [m by interval].
    """
    measured = [
        (number, difference)
        for number, run in enumerate(runs, start=1)
        for difference in differences(run)
    ]
    missing = {d.interval for _, d in measured if d.interval not in reference}
    if missing:
        raise MissingReference(sorted(missing))
    return tuple(
        Observation(number, difference, reference[difference.interval])
        for number, difference in measured
    )


def calibrate(
    runs: Sequence[Run],
    reference: Mapping[int, float],
    *,
    start_temperature: float,
    end_temperature: float,
    thermal_coefficient: float,
    standard_temperature: float,
) -> Result:
    """Calibrate a staff (the specification of the calibration, 6c).

    q = K/m, w = 1/σ_m²: k_T = Σwq/Σw over all observations, repeated intervals
    included; U95 = 1.96·√(Σ w²σ_m²/m²)/Σw; k₀ = k_T·(1 + α·(T₀ − T));
    graduation uncertainty 1.96·√(Σ(K − k_T·m)²/(N − 1)), N ≥ 2.

    `runs` hold readings that grow from row to row, so no m is 0; `reference` is the
    table of the observation's month [m by interval]; temperatures in °C,
    `thermal_coefficient` in 1/°C. Raises MissingReference and ImplausibleFactor.
    """
    rows = observations(runs, reference)
    temperature = (start_temperature + end_temperature) / 2
    weights = [row.difference.weight for row in rows]
    total = math.fsum(weights)
    factor = math.fsum(w * row.ratio for w, row in zip(weights, rows, strict=True))
    factor /= total
    standard_factor = ThermalFactor(factor, temperature, thermal_coefficient).at(
        standard_temperature
    )
    low, high = limits.FACTOR
    for value in (factor, standard_factor):
        if not low <= value <= high:
            raise ImplausibleFactor(value)
    misfits = [row.known - factor * row.measured for row in rows]
    return Result(
        observations=rows,
        temperature=temperature,
        factor=factor,
        factor_u95=1.96
        * math.hypot(*(1 / (row.difference.sigma * row.measured) for row in rows))
        / total,
        standard_factor=standard_factor,
        graduation_uncertainty=1.96 * math.hypot(*misfits) / math.sqrt(len(rows) - 1),
        check_factor=straight_line(runs, reference),
    )


def straight_line(runs: Sequence[Run], reference: Mapping[int, float]) -> float:
    """Slope of the weighted line of the known pin heights on the readings.

    One offset per run, weights 1/σ²: the slope is
    ΣΣ w(r − r̄)(H − H̄) / ΣΣ w(r − r̄)², with the weighted means r̄, H̄ of each run and
    H [m] counted downwards from the first pin of the run. A second estimate of k_T
    from the same file.
    """
    products = []
    squares = []
    for run in runs:
        rows = []
        height = 0.0
        for reading in run:
            weight = 1 / (reading.sigma * reading.sigma)
            rows.append((weight, reading.value, height))
            height += reference.get(reading.pin, 0)
        total = math.fsum(w for w, _, _ in rows)
        mean_reading = math.fsum(w * r for w, r, _ in rows) / total
        mean_height = math.fsum(w * h for w, _, h in rows) / total
        products += [w * (r - mean_reading) * (h - mean_height) for w, r, h in rows]
        squares += [w * (r - mean_reading) ** 2 for w, r, _ in rows]
    return math.fsum(products) / math.fsum(squares)


def warnings(
    temperatures: Sequence[float],
    unit_temperature: float | None,
    factor: float,
    check_factor: float,
) -> list[str]:
    """List what the surveyor should look at again.

    `temperatures` are the start and end temperature, `unit_temperature` is T₁ [°C].
    """
    found = []
    low, high = USUAL_TEMPERATURES
    if any(not low <= value <= high for value in temperatures):
        found.append(f"A temperature is outside {low:.0f} … {high:.0f} °C.")
    low, high = limits.TEMPERATURE
    if unit_temperature is not None and not low <= unit_temperature <= high:
        found.append(
            "The temperature where the factor is 1 "
            f"({decimals(unit_temperature, 1)} °C) is outside "
            f"{signed(low)} … {signed(high)} °C."
        )
    if abs(check_factor - factor) > LARGEST_CHECK_DIFFERENCE:
        found.append(
            "The check value differs from the factor by more than "
            f"{LARGEST_CHECK_DIFFERENCE * 1e6:.0f} ppm."
        )
    return found
