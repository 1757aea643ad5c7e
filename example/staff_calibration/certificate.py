"""What a certificate says: the same words and numbers on the page and in the PDF."""

from dataclasses import dataclass
from typing import NamedTuple

from django.utils.formats import date_format

from measuring.display import DATE_FORMAT, decimals, metres, ratio, signed
from measuring.reading import FIRST_PIN, INTERVALS, LAST_PIN, interval_label

from .models import StaffCalibration


class Table(NamedTuple):
    """A table of texts."""

    head: tuple[str, ...]
    rows: list[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Certificate:
    """The words of a stored calibration; `link` is where anyone may verify them."""

    calibration: StaffCalibration
    link: str

    title = "Calibration of a levelling staff"
    validity = "This certificate is valid for the day of the test."

    @property
    def facts(self):
        """Names and values: what was observed, how, by whom, and the result."""
        stored = self.calibration
        return [
            ("Certificate", str(stored.pk)),
            (
                "Range",
                f"{LAST_PIN} steel pins, intervals {interval_label(FIRST_PIN)} to "
                f"{interval_label(INTERVALS[-1])}",
            ),
            ("Observed", date_format(stored.date, DATE_FORMAT)),
            ("Mean temperature", f"{decimals(stored.mean_temperature, 1)} °C"),
            (
                "Staff",
                f"{stored.staff_number}, {stored.staff_type}, "
                f"{signed(stored.staff_length)} m",
            ),
            ("Owner", stored.owner_name),
            ("Level", stored.level_name),
            ("Observer", stored.observer),
            (
                "Factor",
                f"{ratio(stored.standard_factor)} at "
                f"{signed(stored.standard_temperature)} °C",
            ),
            (
                "Graduation uncertainty",
                f"{metres(stored.graduation_uncertainty)} m (95 %)",
            ),
        ]

    @property
    def application(self):
        """How to apply the factor to a height difference."""
        stored = self.calibration
        growth = self._growth(signed(stored.standard_temperature))
        return (
            "With the temperature t of the staff: true height difference = "
            f"{ratio(stored.standard_factor)} × {growth} × height difference read."
        )

    @property
    def factor_by_temperature(self):
        """The formula of the table of temperatures."""
        stored = self.calibration
        growth = self._growth(decimals(stored.mean_temperature, 1))
        formula = f"k(t) = {ratio(stored.factor)} × {growth}."
        unit_temperature = stored.thermal_factor.unit_temperature
        if unit_temperature is None:
            return formula
        return f"{formula} The factor is 1 at {decimals(unit_temperature, 1)} °C."

    def _growth(self, reference):
        coefficient = signed(self.calibration.thermal_coefficient)
        return f"(1 + {coefficient} × 10⁻⁶ × (t − {reference} °C))"

    @property
    def corrections(self):
        """The table of the observed intervals, lengths in metres."""
        return Table(
            ("Set", "Pins", "From", "To", "Known", "Measured", "Correction"),
            [
                (
                    str(row.run),
                    interval_label(row.difference.interval),
                    metres(row.difference.start),
                    metres(row.difference.end),
                    metres(row.known),
                    metres(row.measured),
                    metres(row.correction),
                )
                for row in self.calibration.observations()
            ],
        )

    @property
    def temperatures(self):
        """The table of the factor at each temperature."""
        return Table(
            ("t [°C]", "k(t)", "mm/m"),
            [
                (str(row.temperature), ratio(row.factor), decimals(row.correction, 2))
                for row in self.calibration.thermal_factor.table
            ],
        )
