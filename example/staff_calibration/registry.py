"""Put a calibration into the registry: all of it or nothing."""

from django.db import IntegrityError, transaction
from django.db.models import Q

from instruments.models import Staff

from .models import StaffCalibration, StaffReading


class AlreadyCalibrated(Exception):
    """There is a calibration of this staff on this day."""


def register(form, user):
    """Store the result of a valid CalibrationForm; return it, and if the staff took it.

    A calibration of the same day that the form replaces is deleted: its certificate
    ceases to exist. The staff takes the factor unless it has a later one.
    Raises AlreadyCalibrated if the staff has another calibration on that day.
    """
    calibration = _calibration(form, user)
    staff, date = calibration.staff, calibration.date
    try:
        with transaction.atomic():
            StaffCalibration.objects.filter(
                pk=form.cleaned_data["replace"], staff=staff, date=date
            ).delete()
            calibration.save(force_insert=True)
            StaffReading.objects.bulk_create(_readings(calibration, form.runs))
            updated = Staff.objects.filter(
                Q(calibration_date=None) | Q(calibration_date__lte=date), pk=staff.pk
            ).update(factor=calibration.standard_factor, calibration_date=date)
    except IntegrityError as error:
        raise AlreadyCalibrated from error
    return calibration, updated == 1


def _calibration(form, user):
    data, upload, result = form.cleaned_data, form.upload, form.result
    staff = data["staff"]
    return StaffCalibration(
        staff=staff,
        level=data["level"],
        date=data["date"],
        observer=data["observer"],
        start_temperature=data["start_temperature"],
        end_temperature=data["end_temperature"],
        mean_temperature=result.temperature,
        standard_temperature=staff.standard_temperature,
        thermal_coefficient=staff.type.thermal_coefficient,
        factor=result.factor,
        factor_u95=result.factor_u95,
        standard_factor=result.standard_factor,
        check_factor=result.check_factor,
        graduation_uncertainty=result.graduation_uncertainty,
        reference={row.difference.interval: row.known for row in result.observations},
        staff_number=staff.number,
        staff_type=staff.type.name,
        staff_length=staff.length,
        owner_name=staff.owner.name,
        level_name=str(data["level"]),
        file_name=upload.name,
        file_text=upload.text,
        submitted_by=user,
    )


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
