"""The app's name as people read it."""

from django.apps import AppConfig


class StaffCalibrationConfig(AppConfig):
    name = "staff_calibration"
    verbose_name = "staff calibration"
