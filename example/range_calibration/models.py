"""Campaigns that measure the range, and the monthly reference table they yield."""

from django.db import models
from django.urls import reverse

from instruments.models import DigitalLevel, Staff, between, not_in_the_future
from measuring import limits
from measuring.reading import FIRST_PIN, LAST_PIN, interval_label

from .adjustment import InvarStaff, SetUp, adjust
from .level_report import parse_level_report

AIR_TEMPERATURE = between(limits.TEMPERATURE, " °C")


class RangeMeasurement(models.Model):
    """One campaign: the range measured with an invar staff from two set-ups.

    The properties of the staff are copied on the day of the upload, so that a later
    calibration of the staff changes no past campaign.
    """

    staff = models.ForeignKey(
        Staff, on_delete=models.PROTECT, verbose_name="invar staff"
    )
    level = models.ForeignKey(DigitalLevel, on_delete=models.PROTECT)
    observer = models.CharField(max_length=100)
    date = models.DateField("observation date", validators=[not_in_the_future])
    start_temperature1 = models.FloatField(
        "start temperature of set 1 [°C]", validators=AIR_TEMPERATURE
    )
    end_temperature1 = models.FloatField(
        "end temperature of set 1 [°C]", validators=AIR_TEMPERATURE
    )
    start_temperature2 = models.FloatField(
        "start temperature of set 2 [°C]", validators=AIR_TEMPERATURE
    )
    end_temperature2 = models.FloatField(
        "end temperature of set 2 [°C]", validators=AIR_TEMPERATURE
    )
    staff_factor = models.FloatField(editable=False)
    standard_temperature = models.FloatField("[°C]", editable=False)
    thermal_coefficient = models.FloatField("[ppm/°C]", editable=False)
    file_name = models.CharField(max_length=100, editable=False)
    file_text = models.TextField(editable=False)
    file_sha256 = models.CharField("SHA-256 of the file", max_length=64, editable=False)
    heights = models.JSONField(
        "adjusted height differences [m] by interval", editable=False
    )

    class Meta:
        ordering = ["-date", "staff"]
        constraints = [
            models.UniqueConstraint(
                fields=["date", "staff"],
                name="range_calibration_one_campaign_a_day",
                violation_error_message="There is already a campaign with this "
                "staff on this day.",
            ),
        ]

    def __str__(self):
        return f"Campaign of {self.date:%d %B %Y}"

    def get_absolute_url(self):
        return reverse("range_calibration:campaign", args=[self.pk])

    def adjust(self):
        """Return the adjusted intervals of the stored file."""
        temperatures = [
            (self.start_temperature1, self.end_temperature1),
            (self.start_temperature2, self.end_temperature2),
        ]
        report = parse_level_report(self.file_text)
        set_ups = [
            SetUp(one.readings, *pair)
            for one, pair in zip(report.sets, temperatures, strict=True)
        ]
        staff = InvarStaff(
            factor=self.staff_factor,
            thermal_coefficient=self.thermal_coefficient * 1e-6,
            standard_temperature=self.standard_temperature,
        )
        return adjust(set_ups, staff)

    def take_file(self, upload):
        """Copy the staff's properties, keep the file's text and adjust its readings."""
        self.staff_factor = self.staff.factor
        self.standard_temperature = self.staff.standard_temperature
        self.thermal_coefficient = self.staff.type.thermal_coefficient
        self.file_name = upload.name
        self.file_text = upload.text
        self.file_sha256 = upload.sha256
        self.heights = {one.interval: one.value for one in self.adjust()}


class RangeParameter(models.Model):
    """The reference height [m] of one interval in one calendar month; derived."""

    interval = models.PositiveSmallIntegerField(
        help_text="The upper pin of the interval: 1 means 1-2."
    )
    month = models.PositiveSmallIntegerField()
    value = models.FloatField("height difference [m]")
    campaigns = models.PositiveIntegerField("number of campaigns")

    class Meta:
        ordering = ["month", "interval"]
        constraints = [
            models.UniqueConstraint(
                fields=["interval", "month"], name="range_calibration_one_value"
            ),
            models.CheckConstraint(
                condition=models.Q(interval__range=(FIRST_PIN, LAST_PIN - 1)),
                name="range_calibration_interval_exists",
            ),
            models.CheckConstraint(
                condition=models.Q(month__range=(1, 12)),
                name="range_calibration_month_exists",
            ),
        ]

    def __str__(self):
        return f"{interval_label(self.interval)} in month {self.month}"
