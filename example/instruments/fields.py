"""Form fields that choose an instrument."""

from django import forms


class OwnedChoiceField(forms.ModelChoiceField):
    """A staff or level, named with its owner, for numbers are unique only there."""

    def label_from_instance(self, obj):
        return f"{obj} ({obj.owner.abbreviation})"
