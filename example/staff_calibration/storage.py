"""Store a calibration: all of it or nothing."""

from django.db import IntegrityError, transaction
from django.db.models import Q

from instruments.models import Staff

from .models import StaffCalibration, StaffReading


class AlreadyCalibrated(Exception):
    """There is a calibration of this staff on this day."""


def store(calibration, runs, result, *, replace=None):
    """Complete an unsaved calibration with its result, and save it with its readings.

    `replace` is the id of the calibration of the same day that this one supersedes; its
    certificate ceases to exist. The staff takes the factor unless it has a later one;
    return whether it did.
    Raises AlreadyCalibrated if the staff has another calibration on that day.
    """
    _describe(calibration, result)
    try:
        with transaction.atomic():
            StaffCalibration.objects.filter(
                pk=replace, staff=calibration.staff, date=calibration.date
            ).delete()
            calibration.save(force_insert=True)
            StaffReading.objects.bulk_create(_readings(calibration, runs))
            updated = Staff.objects.filter(
                Q(calibration_date=None) | Q(calibration_date__lte=calibration.date),
                pk=calibration.staff_id,
            ).update(
                factor=calibration.standard_factor, calibration_date=calibration.date
            )
    except IntegrityError as error:
        raise AlreadyCalibrated from error
    return updated == 1


def _describe(calibration, result):
    staff = calibration.staff
    calibration.staff_number = staff.number
    calibration.staff_type = staff.type.name
    calibration.staff_length = staff.length
    calibration.owner_name = staff.owner.name
    calibration.level_name = str(calibration.level)
    calibration.standard_temperature = staff.standard_temperature
    calibration.thermal_coefficient = staff.type.thermal_coefficient
    calibration.mean_temperature = result.temperature
    calibration.factor = result.factor
    calibration.factor_u95 = result.factor_u95
    calibration.standard_factor = result.standard_factor
    calibration.check_factor = result.check_factor
    calibration.graduation_uncertainty = result.graduation_uncertainty
    calibration.reference = {
        row.difference.interval: row.known for row in result.observations
    }


def _readings(calibration, runs):
    rows = [(number, reading) for number, run in enumerate(runs, 1) for reading in run]
    return [
        StaffReading(
            calibration=calibration,
            order=order,
            run=number,
            pin=reading.pin,
            value=reading.value,
            count=reading.count,
            standard_deviation=reading.standard_deviation,
        )
        for order, (number, reading) in enumerate(rows, 1)
    ]
