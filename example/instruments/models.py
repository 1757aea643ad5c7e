"""Levelling staves, what they are made of, and digital levels."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from accounts.models import Authority
from measuring import limits
from measuring.display import signed


def between(bounds, words):
    """Return the validators of a number between bounds; `words` follow each bound."""
    low, high = bounds
    return [
        MinValueValidator(low, f"At least {signed(low)}{words}."),
        MaxValueValidator(high, f"At most {signed(high)}{words}."),
    ]


def not_in_the_future(date):
    if date > timezone.localdate():
        raise ValidationError("This date is in the future.")


class StaffType(models.Model):
    """What a staff is made of, and how much it grows with temperature."""

    name = models.CharField(max_length=100, unique=True)
    thermal_coefficient = models.FloatField(
        "thermal coefficient [ppm/°C]",
        validators=between(limits.THERMAL_COEFFICIENT, " ppm/°C"),
    )

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return f"{self.name} ({self.thermal_coefficient:g} ppm/°C)"


class Staff(models.Model):
    """A bar-coded levelling staff (never an employee).

    `factor` is the ratio true length / length read, at `standard_temperature`.
    """

    number = models.CharField(max_length=15)
    type = models.ForeignKey(StaffType, on_delete=models.PROTECT)
    length = models.FloatField(
        "length [m]", validators=between(limits.STAFF_LENGTH, " m")
    )
    owner = models.ForeignKey(Authority, on_delete=models.PROTECT)
    standard_temperature = models.FloatField(
        "standard temperature [°C]",
        default=25,
        validators=between(limits.TEMPERATURE, " °C"),
        help_text="The temperature at which the factor is valid.",
    )
    factor = models.FloatField(
        "factor at the standard temperature",
        null=True,
        blank=True,
        validators=between(limits.FACTOR, ": the ratio, not ppm"),
        help_text="True length divided by the length read, such as 1.000012. "
        "Leave empty if unknown.",
    )
    calibration_date = models.DateField(
        null=True,
        blank=True,
        validators=[not_in_the_future],
        help_text="The day on which the factor was determined.",
    )

    class Meta:
        ordering = ["owner__name", "number"]
        verbose_name_plural = "staves"
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "number"],
                name="instruments_staff_unique_number",
                violation_error_message="This authority already has a staff with "
                "this number.",
            ),
            models.CheckConstraint(
                condition=models.Q(factor__isnull=True, calibration_date__isnull=True)
                | models.Q(factor__isnull=False, calibration_date__isnull=False),
                name="instruments_staff_factor_with_date",
                violation_error_message="Give both the factor and its calibration "
                "date, or neither.",
            ),
        ]

    def __str__(self):
        return self.number


class DigitalLevel(models.Model):
    """A digital level: the instrument that reads a staff's bar code."""

    number = models.CharField(max_length=15)
    make = models.CharField(max_length=50)
    model = models.CharField(max_length=50)
    owner = models.ForeignKey(Authority, on_delete=models.PROTECT)

    class Meta:
        ordering = ["owner__name", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "number"],
                name="instruments_level_unique_number",
                violation_error_message="This authority already has a level with "
                "this number.",
            ),
        ]

    def __str__(self):
        return f"{self.make} {self.model} {self.number}"
