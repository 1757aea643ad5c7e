"""Calibrations of staves: results that are computed once and never change."""

import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse

from instruments.models import DigitalLevel, Staff
from measuring.reading import Reading

from .computation import ThermalFactor, observations, warnings


class StaffCalibration(models.Model):
    """One staff on one day: its factor, and everything that the certificate shows.

    The reference values and the description of staff and level are copies: a new
    campaign, a new owner or a renamed authority changes no certificate.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    staff = models.ForeignKey(
        Staff, on_delete=models.PROTECT, related_name="calibrations"
    )
    level = models.ForeignKey(DigitalLevel, on_delete=models.PROTECT)
    date = models.DateField("observation date")
    observer = models.CharField(max_length=100)

    start_temperature = models.FloatField("start temperature [°C]")
    end_temperature = models.FloatField("end temperature [°C]")
    mean_temperature = models.FloatField("mean temperature [°C]")
    standard_temperature = models.FloatField("standard temperature [°C]")
    thermal_coefficient = models.FloatField("thermal coefficient [ppm/°C]")
    factor = models.FloatField("factor at the mean temperature")
    factor_u95 = models.FloatField("uncertainty of the factor, 95 %")
    standard_factor = models.FloatField("factor at the standard temperature")
    check_factor = models.FloatField("factor from a straight line")
    graduation_uncertainty = models.FloatField("graduation uncertainty, 95 % [m]")

    reference = models.JSONField("reference heights used [m] by interval")
    staff_number = models.CharField(max_length=15)
    staff_type = models.CharField(max_length=100)
    staff_length = models.FloatField("staff length [m]")
    owner_name = models.CharField("owner", max_length=200)
    level_name = models.CharField("digital level", max_length=120)

    file_name = models.CharField(max_length=100)
    file_text = models.TextField()
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    submitted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-date", "staff_number"]
        constraints = [
            models.UniqueConstraint(
                fields=["staff", "date"], name="staff_calibration_one_a_day"
            ),
        ]

    def __str__(self):
        return f"Staff {self.staff_number} on {self.date:%d %B %Y}"

    def get_absolute_url(self):
        return reverse("staff_calibration:certificate", args=[self.pk])

    @property
    def verification_url(self):
        """Where anyone may check that the certificate is genuine."""
        return reverse("staff_calibration:verify", args=[self.pk])

    @property
    def thermal_factor(self):
        """The factor as a function of temperature."""
        return ThermalFactor(
            self.factor, self.mean_temperature, self.thermal_coefficient * 1e-6
        )

    def observations(self):
        """Return the measured intervals with the reference values of that day."""
        runs = {}
        for row in self.readings.all():
            runs.setdefault(row.run, []).append(row.as_reading())
        reference = {int(pin): height for pin, height in self.reference.items()}
        return observations(list(runs.values()), reference)

    def warnings(self):
        """Return what the surveyor should look at again."""
        return warnings(
            (self.start_temperature, self.end_temperature),
            self.thermal_factor.unit_temperature,
            self.factor,
            self.check_factor,
        )


class StaffReading(models.Model):
    """One row of the surveyor's file."""

    calibration = models.ForeignKey(
        StaffCalibration, on_delete=models.CASCADE, related_name="readings"
    )
    order = models.PositiveSmallIntegerField()
    run = models.PositiveSmallIntegerField()
    pin = models.PositiveSmallIntegerField()
    value = models.FloatField("reading [m]")
    count = models.PositiveSmallIntegerField("number of readings")
    standard_deviation = models.FloatField("standard deviation [m]")

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(
                fields=["calibration", "order"], name="staff_calibration_one_order"
            ),
        ]

    def __str__(self):
        return f"Row {self.order}: pin {self.pin}"

    def as_reading(self):
        """Return the row as the computation knows it."""
        return Reading(self.pin, self.value, self.count, self.standard_deviation)
