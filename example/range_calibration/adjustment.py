"""Reduce and adjust one campaign of the range; no Django here.

Symbols: r reading [m], σ its standard deviation [m], T temperature [°C], α thermal
coefficient [1/°C], T₀ standard temperature [°C], k₀ factor of the staff at T₀.
Nothing is rounded: the corrections of an invar staff are smaller than 0.000005 m per
interval, and five decimals would erase them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from measuring.reading import Reading, differences, thermal_factor

LARGEST_STANDARDISED_RESIDUAL = 3


@dataclass(frozen=True, slots=True)
class InvarStaff:
    """The staff that measures the range: k₀, α [1/°C] and T₀ [°C]."""

    factor: float
    thermal_coefficient: float
    standard_temperature: float

    def factor_at(self, temperature: float) -> float:
        """k_s = k₀·(1 + α·(T_s − T₀))."""
        return self.factor * thermal_factor(
            self.thermal_coefficient, temperature, self.standard_temperature
        )


@dataclass(frozen=True, slots=True)
class SetUp:
    """The readings from one position of the level, with the air temperatures [°C]."""

    readings: tuple[Reading, ...]
    start_temperature: float
    end_temperature: float

    @property
    def temperature(self) -> float:
        """T_s = (start + end)/2 [°C]."""
        return (self.start_temperature + self.end_temperature) / 2


@dataclass(frozen=True, slots=True)
class AdjustedObservation:
    """One interval in one set-up: d, σ_d and h = k_s·d [m], and its residual.

    `residual` is v = ĥ − h [m], `standardised_residual` v/σ_v, or None for an
    interval observed once.
    """

    set_up: int
    interval: int
    measured: float
    sigma: float
    corrected: float
    residual: float
    standardised_residual: float | None

    @property
    def is_suspect(self) -> bool:
        """|v/σ_v| > 3."""
        return (
            self.standardised_residual is not None
            and abs(self.standardised_residual) > LARGEST_STANDARDISED_RESIDUAL
        )


@dataclass(frozen=True, slots=True)
class AdjustedInterval:
    """ĥ = Σwh/Σw and σ_ĥ = 1/√Σw [m] of one interval, from its observations."""

    interval: int
    value: float
    sigma: float
    observations: tuple[AdjustedObservation, ...]

    @property
    def u95(self) -> float:
        """1.96·σ_ĥ [m], from the instrument's own standard deviations."""
        return 1.96 * self.sigma


@dataclass(frozen=True, slots=True)
class _Corrected:
    set_up: int
    interval: int
    measured: float
    sigma: float
    weight: float
    value: float


def adjust(set_ups: Sequence[SetUp], staff: InvarStaff) -> tuple[AdjustedInterval, ...]:
    """Adjust the intervals of one campaign, in the order of the pins.

    Per set-up s: d = r_j − r_i of neighbouring rows, σ_d = √(σ_i² + σ_j²), h = k_s·d
    with σ_h = σ_d. Per interval over its observations, w = 1/σ_d²: ĥ = Σwh/Σw,
    σ_ĥ = 1/√Σw, v = ĥ − h, σ_v = √(σ_d² − σ_ĥ²).
    (The specification of the calibration, 6a.)
    """
    corrected: dict[int, list[_Corrected]] = {}
    for number, set_up in enumerate(set_ups, start=1):
        factor = staff.factor_at(set_up.temperature)
        for difference in differences(set_up.readings):
            corrected.setdefault(difference.interval, []).append(
                _Corrected(
                    set_up=number,
                    interval=difference.interval,
                    measured=difference.value,
                    sigma=difference.sigma,
                    weight=difference.weight,
                    value=factor * difference.value,
                )
            )
    return tuple(
        _adjust_interval(corrected[interval]) for interval in sorted(corrected)
    )


def _adjust_interval(corrected: Sequence[_Corrected]) -> AdjustedInterval:
    total = math.fsum(item.weight for item in corrected)
    value = math.fsum(item.weight * item.value for item in corrected) / total
    return AdjustedInterval(
        interval=corrected[0].interval,
        value=value,
        sigma=1 / math.sqrt(total),
        observations=tuple(_observation(item, value, corrected) for item in corrected),
    )


def _observation(
    item: _Corrected, value: float, corrected: Sequence[_Corrected]
) -> AdjustedObservation:
    residual = value - item.value
    standardised = None
    if len(corrected) == 1:
        residual = 0.0
    else:
        # σ_d² − σ_ĥ² = 1/w − 1/Σw = (Σw − w)/(w·Σw): the same value without the
        # difference of two nearly equal squares.
        others = math.fsum(other.weight for other in corrected if other is not item)
        variance = others / (item.weight * (others + item.weight))
        standardised = residual / math.sqrt(variance)
    return AdjustedObservation(
        set_up=item.set_up,
        interval=item.interval,
        measured=item.measured,
        sigma=item.sigma,
        corrected=item.value,
        residual=residual,
        standardised_residual=standardised,
    )
