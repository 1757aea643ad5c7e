"""The actors of the example's tests, their browsers and what they own."""

import random
from datetime import date
from pathlib import Path

from django.apps import apps
from django.contrib.auth.tokens import default_token_generator
from django.db.models import CharField, EmailField, TextField
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.models import Authority, User
from accounts.tokens import activation_token
from instruments.models import DigitalLevel, Staff, StaffType
from measuring.uploads import TextUpload
from range_calibration.models import RangeMeasurement
from staff_calibration.models import StaffCalibration
from tests.conftest import ROOT, HttpsClient
from tests.support import campaigns

PASSWORD = "rock-pins-21"

# Text that would be markup where a page did not escape it.
HOSTILE = "<b id=x>\"'&"


def authority(abbreviation="AAA"):
    return Authority.objects.get_or_create(
        abbreviation=abbreviation, defaults={"name": f"Authority {abbreviation}"}
    )[0]


def user(email="surveyor@example.com", of="AAA", **fields):
    """Store a user without a usable password (hashing one takes a while)."""
    names = {"first_name": "Mary", "last_name": "Jones"}
    return User.objects.create_user(email, authority=authority(of), **names | fields)


def browser(user=None):
    """Return a browser in which `user`, if any, has logged in."""
    client = HttpsClient()
    if user:
        client.force_login(user)
    return client


def belongings_of_a():
    """Store something of every kind for authority A, reached by every address.

    Return the arguments of the addresses by their names.
    """
    of_a = authority("AAA")
    staff = Staff.objects.create(
        number="301",
        type=StaffType.objects.get(name="Invar"),
        length=3,
        owner=of_a,
        factor=1.0000123,
        calibration_date=date(2025, 3, 1),
    )
    level = DigitalLevel.objects.create(
        number="704211", make="Leica", model="DNA03", owner=of_a
    )
    waiting = user("waiting@example.com", is_active=False)
    forgetful = user("forgetful@example.com")
    return {
        "accounts:activate": [waiting.pk, activation_token.make_token(waiting)],
        "accounts:password_reset_confirm": [
            urlsafe_base64_encode(force_bytes(forgetful.pk)),
            default_token_generator.make_token(forgetful),
        ],
        "accounts:authority_change": [of_a.pk],
        "instruments:staff_detail": [staff.pk],
        "instruments:staff_change": [staff.pk],
        "instruments:level_change": [level.pk],
        "instruments:type_change": [staff.type_id],
        "range_calibration:campaign": [campaign := stored_campaign(staff, level).pk],
        "range_calibration:delete": [campaign],
        "staff_calibration:certificate": [
            calibration := stored_calibration(staff, level, waiting).pk
        ],
        "staff_calibration:pdf": [calibration],
        "staff_calibration:verify": [calibration],
        "admin:accounts_user_change": [forgetful.pk],
        "admin:accounts_user_delete": [forgetful.pk],
        "admin:instruments_staff_change": [staff.pk],
    }


def make_hostile():
    """Add HOSTILE to every text that the app's tables hold.

    Not to passwords and addresses: sessions and the links sent depend on them, and a
    form takes no such address.
    """
    for config in apps.get_app_configs():
        for model in config.get_models() if in_example(config) else ():
            fields = [
                field
                for field in model._meta.fields
                if isinstance(field, CharField | TextField)
                and not isinstance(field, EmailField)
                and field.name != "password"
            ]
            for thing in model.objects.all():
                model.objects.filter(pk=thing.pk).update(
                    **{field.name: with_markup(thing, field) for field in fields}
                )


def in_example(config):
    return Path(config.path).is_relative_to(ROOT / "example")


def with_markup(thing, field):
    room = field.max_length and field.max_length - len(HOSTILE)
    return getattr(thing, field.name)[:room] + HOSTILE


def stored_campaign(staff, level):
    sets = campaigns.campaign(random.Random(1))
    campaign = RangeMeasurement(
        staff=staff,
        level=level,
        observer="Q. Z.",
        date=date(2025, 3, 14),
        start_temperature1=21,
        end_temperature1=22,
        start_temperature2=22,
        end_temperature2=23,
    )
    campaign.take_file(TextUpload("report.ASC", campaigns.dna03(sets), "0" * 64))
    campaign.save()
    return campaign


def stored_calibration(staff, level, submitted_by):
    return StaffCalibration.objects.create(
        staff=staff,
        level=level,
        date=date(2025, 3, 15),
        observer="Q. Z.",
        start_temperature=20,
        end_temperature=22,
        mean_temperature=21,
        standard_temperature=25,
        thermal_coefficient=0.81,
        factor=1.00001,
        factor_u95=1e-6,
        standard_factor=1.000013,
        check_factor=1.00001,
        graduation_uncertainty=1e-5,
        reference={},
        staff_number=staff.number,
        staff_type="Invar",
        staff_length=3,
        owner_name=staff.owner.name,
        level_name=str(level),
        file_name="readings.csv",
        file_text="",
        submitted_by=submitted_by,
    )
