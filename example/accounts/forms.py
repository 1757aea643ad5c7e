"""Signing up, and what users and officers change about people and authorities."""

from django import forms
from django.contrib.auth.forms import BaseUserCreationForm

from .models import Authority, User


class SignUpForm(BaseUserCreationForm):
    """Asks for a new account.

    It accepts an address that has an account already, because a form that refused it
    would show strangers who works here; the e-mail informs the owner instead.
    """

    class Meta:
        model = User
        fields = ["email", "first_name", "last_name", "authority"]
        widgets = {
            "email": forms.EmailInput({"autocomplete": "email"}),
            "first_name": forms.TextInput({"autocomplete": "given-name"}),
            "last_name": forms.TextInput({"autocomplete": "family-name"}),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["authority"].required = True

    def validate_unique(self):
        """Leave the address's uniqueness to `save`."""

    def save(self):
        """Store an inactive user and return it, or the activated one of this address.

        A sign-up that was never activated is replaced: its password may have been
        chosen by someone who does not own the address.
        """
        asked = super().save(commit=False)
        asked.is_active = False
        user, _ = User.objects.get_or_create(
            email=asked.email,
            defaults={"is_active": False, "authority": asked.authority},
        )
        if user.activated_at is None:
            asked.pk = user.pk
            asked.save(force_update=True)
            return asked
        return user


class ProfileForm(forms.ModelForm):
    """What users may change about themselves: neither authority nor rights."""

    class Meta:
        model = User
        fields = ["first_name", "last_name"]
        widgets = {
            "first_name": forms.TextInput({"autocomplete": "given-name"}),
            "last_name": forms.TextInput({"autocomplete": "family-name"}),
        }


class AuthorityForm(forms.ModelForm):
    class Meta:
        model = Authority
        fields = ["name", "abbreviation"]
        widgets = {
            "name": forms.TextInput({"autocomplete": "organization"}),
            "abbreviation": forms.TextInput({"autocapitalize": "characters"}),
        }
