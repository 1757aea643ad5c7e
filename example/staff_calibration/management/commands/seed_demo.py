"""Fill a database with a demo authority and its range."""

import secrets
from datetime import date
from hashlib import sha256

from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import Authority
from instruments.models import DigitalLevel, Staff, StaffType
from measuring.uploads import TextUpload
from range_calibration.models import RangeMeasurement
from range_calibration.reference_table import recompute
from staff_calibration import demo
from staff_calibration.forms import CalibrationForm
from staff_calibration.registry import register

PEOPLE = [
    ("surveyor@example.com", "Sam", "Surveyor", False),
    ("officer@example.com", "Olive", "Officer", True),
]


class Command(BaseCommand):
    help = (
        "Make a demo authority with a surveyor, a range officer, staves, a level, two "
        "years of campaigns and a certificate. What already exists is left as it is."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--password",
            help="for both users, even if they exist; without it, new users get a "
            "password that is printed once",
        )

    @transaction.atomic
    def handle(self, *args, password, **options):
        authority, _ = Authority.objects.get_or_create(
            abbreviation="DEMO", defaults={"name": "Demo Survey Authority"}
        )
        surveyor, _ = self.seed_people(authority, password)
        level, _ = DigitalLevel.objects.get_or_create(
            number="900100",
            owner=authority,
            defaults={"make": "Leica", "model": "DNA03"},
        )
        invar, _ = Staff.objects.get_or_create(
            number="900301",
            owner=authority,
            defaults={
                "type": staff_type("Invar", 0.81),
                "length": 3,
                "factor": 1.0000123,
                "calibration_date": date(2023, 11, 20),
            },
        )
        # Its number makes it the first in the list: the sample file is of this staff.
        fibreglass, _ = Staff.objects.get_or_create(
            number="900201",
            owner=authority,
            defaults={"type": staff_type("Fibreglass", 10), "length": 4},
        )
        self.seed_campaigns(invar, level)
        self.seed_certificate(fibreglass, level, surveyor)

    def seed_people(self, authority, password):
        """Return the PEOPLE as users; those that are new are printed."""
        users = get_user_model().objects
        people = []
        for email, first_name, last_name, is_officer in PEOPLE:
            user = users.filter(email=email).first()
            if user is None:
                chosen = password or secrets.token_urlsafe(12)
                user = users.create_user(
                    email,
                    chosen,
                    first_name=first_name,
                    last_name=last_name,
                    authority=authority,
                    is_staff=is_officer,
                )
                self.stdout.write(f"{email}  password: {chosen}")
            elif password:
                user.set_password(password)
                user.save()
                self.stdout.write(f"{email}  password: {password}")
            people.append(user)
        return people

    def seed_campaigns(self, staff, level):
        stored = set(
            RangeMeasurement.objects.filter(staff=staff).values_list("date", flat=True)
        )
        new = [day for day in demo.campaign_dates() if day not in stored]
        for day in new:
            text = demo.level_report(day, level.number, staff.factor)
            temperature = demo.air_temperature(day)
            campaign = RangeMeasurement(
                staff=staff,
                level=level,
                observer="Olive Officer",
                date=day,
                start_temperature1=temperature - 0.5,
                end_temperature1=temperature + 0.5,
                start_temperature2=temperature + 0.5,
                end_temperature2=temperature + 1.5,
            )
            digest = sha256(text.encode()).hexdigest()
            campaign.take_file(TextUpload(f"{day:%Y%m%d}.ASC", text, digest))
            campaign.save()
        if new:
            recompute()
        self.stdout.write(f"{len(new)} campaigns added to the demo range.")

    def seed_certificate(self, staff, level, surveyor):
        """Calibrate a staff with the sample file, as the surveyor would in the form."""
        if staff.calibrations.exists():
            return
        start, end = demo.SAMPLE_TEMPERATURES
        form = CalibrationForm(
            {
                "staff": staff.pk,
                "level": level.pk,
                "observer": "Sam Surveyor",
                "date": demo.SAMPLE_DAY,
                "start_temperature": start,
                "end_temperature": end,
                "two_peg_test": True,
            },
            {"file": SimpleUploadedFile(demo.SAMPLE.name, demo.SAMPLE.read_bytes())},
            user=surveyor,
        )
        if not form.is_valid():
            raise CommandError(f"{demo.SAMPLE}: {form.errors.as_text()}")
        register(form, surveyor)
        self.stdout.write(f"1 certificate added for staff {staff}.")


def staff_type(name, thermal_coefficient):
    """Return the type of that name, which an officer may have renamed or deleted."""
    return StaffType.objects.get_or_create(
        name=name, defaults={"thermal_coefficient": thermal_coefficient}
    )[0]
