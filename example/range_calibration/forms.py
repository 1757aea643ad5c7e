"""A level report is uploaded first; its contents then fill in a campaign's form."""

from django import forms
from django.core.exceptions import ValidationError

from instruments.forms import OwnedChoiceField
from instruments.models import DigitalLevel, Staff
from measuring.uploads import LARGEST, KeptUploadField, TextFileField

from .level_report import LevelReportError, parse_level_report
from .models import RangeMeasurement

# Of the encodings that give every byte a character, the one of western Europe.
FALLBACK_ENCODING = "latin-1"


class LevelReportForm(forms.Form):
    """The first step: choose the file."""

    file = TextFileField(
        label="Level report",
        fallback=FALLBACK_ENCODING,
        help_text="The level's .ASC file, in DNA03 or BFOD layout, of "
        f"at most {LARGEST}.",
        widget=forms.FileInput(attrs={"accept": ".asc,.ASC,.txt"}),
    )

    def clean_file(self):
        upload = self.cleaned_data["file"]
        try:
            self.report = parse_level_report(upload.text)
        except LevelReportError as error:
            raise ValidationError(str(error)) from error
        return upload


class CampaignForm(forms.ModelForm):
    """The second step: check the preview, complete the campaign and store it."""

    staff = OwnedChoiceField(
        Staff.objects.filter(factor__isnull=False).select_related("type", "owner"),
        label="Invar staff",
        help_text="Only staves with a known factor are listed.",
    )
    level = OwnedChoiceField(DigitalLevel.objects.select_related("owner"))
    kept = KeptUploadField()

    class Meta:
        model = RangeMeasurement
        fields = [
            "staff",
            "level",
            "observer",
            "date",
            "start_temperature1",
            "end_temperature1",
            "start_temperature2",
            "end_temperature2",
        ]
        widgets = {"date": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})}

    def clean(self):
        cleaned_data = super().clean()
        if upload := cleaned_data.get("kept"):
            self.report = parse_level_report(upload.text)
        return cleaned_data

    def _post_clean(self):
        super()._post_clean()
        if not self.errors:
            self.instance.take_file(self.cleaned_data["kept"])


def initial_of(report):
    """Return what a report says about its campaign, as the form's initial values."""
    first, second = report.sets
    level = DigitalLevel.objects.filter(number=report.serial_number).first()
    return {
        "date": report.observation_date,
        "level": level,
        "start_temperature1": first.start_temperature,
        "end_temperature1": first.end_temperature,
        "start_temperature2": second.start_temperature,
        "end_temperature2": second.end_temperature,
    }
