"""Load the campaigns of past years from a folder."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from range_calibration.folder import (
    AlreadyLoaded,
    Refused,
    campaign_folders,
    read_campaign,
    read_notes,
)
from range_calibration.reference_table import recompute

BAR = 30


class Command(BaseCommand):
    help = (
        "Load the campaigns of past years: a folder of folders named "
        "YYYYMMDD-<staff>-<initials>, each with one level report (.ASC), and a CSV of "
        "their temperatures. Campaigns already in the database are left alone."
    )

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path)

    def handle(self, *args, folder, **options):
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder.")
        try:
            notes = read_notes(folder)
        except Refused as error:
            raise CommandError(str(error)) from error
        folders = list(campaign_folders(folder))
        loaded, known, refused = [], [], []
        with transaction.atomic():
            for number, path in enumerate(folders, start=1):
                self.show_progress(number, len(folders))
                try:
                    campaign, remark = read_campaign(path, notes)
                except AlreadyLoaded:
                    known.append(path.name)
                except Refused as error:
                    refused.append(f"{path.name}: {error}")
                else:
                    campaign.save()
                    loaded.append(f"{path.name} {remark}".strip())
            if loaded:
                recompute()
        for name in loaded:
            self.stdout.write(f"loaded   {name}")
        for reason in refused:
            self.stdout.write(self.style.WARNING(f"refused  {reason}"))
        self.stdout.write(
            f"{len(loaded)} loaded, {len(known)} already there, {len(refused)} refused."
        )

    def show_progress(self, number, total):
        if self.stderr.isatty():
            bar = ("█" * (BAR * number // total)).ljust(BAR, "·")
            end = "\n" if number == total else ""
            self.stderr.write(f"\r{bar} {number}/{total}", ending=end)
