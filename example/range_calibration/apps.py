"""The app's name as people read it."""

from django.apps import AppConfig


class RangeCalibrationConfig(AppConfig):
    name = "range_calibration"
    verbose_name = "range calibration"
