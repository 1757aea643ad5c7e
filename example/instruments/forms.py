"""Forms of instruments, each of which an authority owns, and their choice."""

from django import forms

from accounts.models import Authority

from .models import DigitalLevel, Staff, StaffType


class OwnedChoiceField(forms.ModelChoiceField):
    """A staff or level, named with its owner, because only there a number is unique."""

    def label_from_instance(self, obj):
        return f"{obj} ({obj.owner.abbreviation})"


class OwnedForm(forms.ModelForm):
    """A form of an object with an owner, which only range officers may choose.

    For a surveyor the field is disabled and ignores what is posted. If it were missing,
    Django would not check that the owner has no other object with this number.
    """

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        if user.is_staff:
            owner.initial = user.authority_id
        else:
            owner.queryset = Authority.objects.filter(pk=user.authority_id)
            self.initial["owner"] = user.authority_id
            owner.disabled = True


class StaffForm(OwnedForm):
    class Meta:
        model = Staff
        fields = [
            "number",
            "type",
            "length",
            "owner",
            "standard_temperature",
            "factor",
            "calibration_date",
        ]
        widgets = {
            "length": forms.NumberInput({"step": "any"}),
            "standard_temperature": forms.NumberInput({"step": "any"}),
            "factor": forms.NumberInput({"step": "any"}),
            "calibration_date": forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        }


class DigitalLevelForm(OwnedForm):
    class Meta:
        model = DigitalLevel
        fields = ["number", "make", "model", "owner"]


class StaffTypeForm(forms.ModelForm):
    class Meta:
        model = StaffType
        fields = ["name", "thermal_coefficient"]
