"""The form of a calibration, and the search of the registry."""

import calendar

from django import forms
from django.utils.formats import date_format
from django.utils.html import format_html

from accounts.permissions import visible_to
from instruments.forms import OwnedChoiceField
from instruments.models import DigitalLevel, Staff, not_in_the_future
from measuring import limits
from measuring.display import DATE_FORMAT, ratio
from measuring.uploads import LARGEST, KeptUploadField, TextFileField, keep
from range_calibration.reference_table import reference_of

from .computation import ImplausibleFactor, MissingReference, calibrate
from .models import StaffCalibration
from .readings_file import ReadingsFileError, parse_readings


class AirTemperatureField(forms.FloatField):
    """A temperature [°C] at which a surveyor can work."""

    def __init__(self, **options):
        low, high = limits.TEMPERATURE
        super().__init__(min_value=low, max_value=high, **options)


class CalibrationForm(forms.Form):
    """Readings of a staff on the range.

    Once valid, `upload` is the file, `runs` its readings and `result` their result.
    A file that was read stays in the form (`kept`) while other fields are corrected.
    """

    staff = OwnedChoiceField(queryset=None, label="Staff")
    level = OwnedChoiceField(queryset=None, label="Digital level")
    observer = forms.CharField(max_length=100, label="Observer")
    date = forms.DateField(
        label="Observation date",
        validators=[not_in_the_future],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    start_temperature = AirTemperatureField(label="Start temperature [°C]")
    end_temperature = AirTemperatureField(label="End temperature [°C]")
    two_peg_test = forms.BooleanField(
        label="The two-peg (collimation) test was done", label_suffix=""
    )
    file = TextFileField(
        label="Readings",
        required=False,
        help_text=f"A .csv or .txt file of at most {LARGEST}: a header line, then pin, "
        "reading [m], number of readings, standard deviation [m].",
        widget=forms.FileInput({"accept": ".csv,.txt,text/csv,text/plain"}),
    )
    kept = KeptUploadField(required=False)
    replace = forms.UUIDField(
        label="Replace the calibration of this day",
        label_suffix="",
        required=False,
        widget=forms.HiddenInput,
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        staves = visible_to(user, Staff.objects.select_related("type", "owner"))
        levels = visible_to(user, DigitalLevel.objects.select_related("owner"))
        self.fields["staff"].queryset = staves
        self.fields["level"].queryset = levels
        self.fields["observer"].initial = user.get_full_name()

    def clean(self):
        cleaned_data = super().clean()
        self.upload = cleaned_data.get("file") or cleaned_data.get("kept")
        self._keep(None)
        if "file" in self.errors or "kept" in self.errors:
            return cleaned_data
        if not self.upload:
            self.add_error("file", "Choose the file with your readings.")
        elif "staff" in cleaned_data:
            self._read(**cleaned_data)
        if "file" not in self.errors:
            self._keep(self.upload)
        if not self.errors:
            self._calibrate(**cleaned_data)
        if not self.errors:
            self._ask_to_replace(**cleaned_data)
        return cleaned_data

    def _keep(self, upload):
        self.data = self.data.copy()
        self.data["kept"] = keep(upload) if upload else ""
        if upload:
            # A field's help is markup to Django.
            self["file"].help_text = format_html(
                "{} has been read; you need not choose it again.", upload.name
            )

    def _read(self, *, staff, **_):
        try:
            self.runs = parse_readings(self.upload.text, staff.length)
        except ReadingsFileError as error:
            self.add_error("file", error.messages)

    def _calibrate(self, *, staff, date, start_temperature, end_temperature, **_):
        try:
            self.result = calibrate(
                self.runs,
                reference_of(date.month),
                start_temperature=start_temperature,
                end_temperature=end_temperature,
                thermal_coefficient=staff.type.thermal_coefficient * 1e-6,
                standard_temperature=staff.standard_temperature,
            )
        except MissingReference as error:
            self.add_error(
                "date",
                f"There are no reference values for {calendar.month_name[date.month]} "
                f"(intervals {error}).",
            )
        except ImplausibleFactor as error:
            self.add_error(
                "file",
                f"The factor would be {error}, which no staff can have: are these "
                "readings from this range, in metres?",
            )

    def _ask_to_replace(self, *, staff, date, replace, **_):
        same_day = StaffCalibration.objects.filter(staff=staff, date=date)
        existing = same_day.only("standard_factor").first()
        if existing and existing.pk != replace:
            self.fields["replace"].widget = forms.CheckboxInput({"value": existing.pk})
            self.data["replace"] = ""
            day = date_format(date, DATE_FORMAT)
            self.add_error(
                "replace",
                f"This staff was already calibrated on {day}, with the factor "
                f"{ratio(existing.standard_factor)}. If the new readings replace it, "
                "tick the box: the old certificate will no longer be valid.",
            )


class SearchForm(forms.Form):
    """The search of the registry."""

    query = forms.CharField(
        label="Staff, owner, level or observer",
        required=False,
        max_length=100,
        widget=forms.TextInput({"type": "search"}),
    )
