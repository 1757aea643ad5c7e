"""The form with which a keeper hands in what a scale has measured."""

from django import forms

from .models import Weighing


class WeighingForm(forms.ModelForm):
    file = forms.FileField(allow_empty_file=True)

    class Meta:
        model = Weighing
        fields = ["hive", "keeper"]

    def save(self, commit=True):
        self.instance.kilograms = self.cleaned_data["file"].read().decode()
        return super().save(commit)
