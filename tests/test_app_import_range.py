"""The commands that load past campaigns and the demo."""

import io
import random
from datetime import date

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from instruments.models import Staff
from measuring.reading import INTERVALS
from range_calibration.models import RangeMeasurement, RangeParameter
from staff_calibration import demo
from staff_calibration.models import StaffCalibration
from tests.support import campaigns, stored
from tests.support.people import browser

pytestmark = pytest.mark.django_db

SETS = campaigns.campaign(random.Random(61))
COLUMNS = (
    "observation_date,staff_number,level_number,start_temperature1,end_temperature1,"
    "start_temperature2,end_temperature2"
)


@pytest.fixture
def archive(tmp_path):
    """Two good campaigns, one with field notes and one without."""
    stored.invar()
    stored.level()
    stored.level("331907")
    add(tmp_path, "20260314-INV1-QZ", campaigns.dna03(SETS), "a.asc")
    add(tmp_path, "20250410-INV1-QZ", campaigns.bfod(SETS, date="10/ 4/2025"))
    notes(tmp_path, "14/3/2026,INV1,704211,18.5,19,19.5,20")
    return tmp_path


def add(folder, name, text, file="REPORT.ASC"):
    (folder / name).mkdir()
    (folder / name / file).write_bytes(text.encode())


def notes(folder, *rows):
    (folder / "temperatures.csv").write_text("\n".join([COLUMNS, *rows]))


def run(folder, **options):
    output = io.StringIO()
    call_command("import_range", folder, stdout=output, no_color=True, **options)
    return output.getvalue()


def test_an_archive_is_loaded_with_its_temperatures(archive):
    assert "2 loaded, 0 already there, 0 refused." in run(archive)
    later, earlier = RangeMeasurement.objects.all()
    assert later.level.number == "704211"
    assert later.observer == "QZ"
    assert (later.start_temperature1, later.end_temperature2) == (18.5, 20)
    assert earlier.level.number == "331907"
    assert (earlier.start_temperature1, earlier.end_temperature2) == (20, 24)
    months = set(RangeParameter.objects.values_list("month", flat=True))
    assert months == {3, 4}


def test_loading_again_changes_nothing(archive):
    run(archive)
    before = list(RangeMeasurement.objects.values())
    assert "0 loaded, 2 already there, 0 refused." in run(archive)
    assert list(RangeMeasurement.objects.values()) == before


def test_what_is_refused_is_named_with_its_reason(archive):
    add(archive, "20260101-NOBODY-QZ", campaigns.dna03(SETS))
    add(archive, "20260102-INV1-QZ", "hello")
    add(archive, "20260103-INV1-QZ", campaigns.dna03(SETS, serial="999"))
    add(archive, "20269999-INV1-QZ", campaigns.dna03(SETS))
    add(archive, "20260104-INV1-QZ", campaigns.dna03(SETS), "report.pdf")
    add(archive, "20260105-INV1-QZ", campaigns.dna03(SETS).replace("Temp:", "    "))
    add(archive, "20260106-INV1-QZ", campaigns.dna03(SETS) + "\0")
    add(archive, "29990107-INV1-QZ", campaigns.dna03(SETS))
    add(archive, "not a campaign", "")
    output = run(archive)
    for reason in (
        "20260101-NOBODY-QZ: staff NOBODY is not registered",
        "20260102-INV1-QZ: This is not a level report",
        "20260103-INV1-QZ: level 999 is not registered",
        "20269999-INV1-QZ: 20269999 is not a date",
        "20260104-INV1-QZ: 0 .ASC files",
        "20260105-INV1-QZ: no temperatures",
        "20260106-INV1-QZ: REPORT.ASC: This is not a text file",
        "29990107-INV1-QZ: This date is in the future",
        "2 loaded, 0 already there, 8 refused.",
    ):
        assert reason in output
    assert RangeMeasurement.objects.count() == 2


def test_a_number_that_two_authorities_use_is_refused(archive):
    stored.invar(of="BBB")
    assert "staff INV1 belongs to several authorities" in run(archive)


def test_a_staff_of_unknown_factor_is_refused(archive):
    Staff.objects.update(factor=None, calibration_date=None)
    assert "the factor of staff INV1 is not known" in run(archive)


def test_a_report_of_another_day_is_loaded_with_a_remark(archive):
    add(archive, "20260315-INV1-QZ", campaigns.dna03(SETS))
    assert "20260315-INV1-QZ the report is dated 14/03/2026" in run(archive)


@pytest.mark.parametrize(
    "row",
    [
        "2026-03-14,INV1,704211,18,19,19,20",
        "14/3/2026,INV1,704211,18,19,19",
        "14/3/2026,INV1,704211,18,nan,19,20",
        "14/3/2026,INV1,704211,18,,19,20",
    ],
)
def test_wrong_field_notes_stop_the_command_with_their_line(row, archive):
    notes(archive, "14/3/2026,INV1,704211,18.5,19,19.5,20", row)
    with pytest.raises(CommandError, match=r"temperatures.csv, line 3"):
        run(archive)
    assert not RangeMeasurement.objects.exists()


def test_field_notes_without_a_column_stop_the_command(archive):
    (archive / "temperatures.csv").write_text("date,staff\n")
    with pytest.raises(CommandError, match="no column"):
        run(archive)


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(CommandError, match="not a folder"):
        run(tmp_path / "nowhere")


def test_a_terminal_sees_progress_and_a_file_does_not(archive):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal, file = Terminal(), io.StringIO()
    run(archive, stderr=terminal)
    run(archive, stderr=file)
    assert terminal.getvalue().endswith("2/2\n")
    assert file.getvalue() == ""


@pytest.fixture
def demo_output():
    output = io.StringIO()
    call_command("seed_demo", password="rock-pins-21", stdout=output)
    return output.getvalue()


def test_the_demo_covers_every_month_and_is_seeded_once(demo_output):
    assert "24 campaigns added" in demo_output
    assert RangeParameter.objects.filter(campaigns=2).count() == 12 * len(INTERVALS)
    again = io.StringIO()
    call_command("seed_demo", stdout=again)
    assert again.getvalue() == "0 campaigns added to the demo range.\n"
    assert RangeMeasurement.objects.count() == 24
    assert StaffCalibration.objects.count() == 1
    assert User.objects.get(email="officer@example.com").is_staff
    assert User.objects.get(email="surveyor@example.com").check_password("rock-pins-21")


def test_the_demo_prints_a_password_of_its_own_making():
    output = io.StringIO()
    call_command("seed_demo", stdout=output)
    first_line = output.getvalue().splitlines()[0]
    email, password = first_line.split("  password: ")
    assert User.objects.get(email=email).check_password(password)
    assert len(password) >= 16


def test_the_sample_file_calibrates_the_first_staff_in_any_month(demo_output):
    surveyor = User.objects.get(email="surveyor@example.com")
    start, end = demo.SAMPLE_TEMPERATURES
    for month in range(1, 13):
        response = stored.calibrate(
            browser(surveyor),
            surveyor.authority.staff_set.first(),
            surveyor.authority.digitallevel_set.first(),
            demo.SAMPLE.read_bytes(),
            date=str(date(2025, month, 9)),
            start_temperature=start,
            end_temperature=end,
        )
        assert response.status_code == 302
        calibration = StaffCalibration.objects.first()
        assert calibration.standard_factor == pytest.approx(1.0002, abs=2e-4)
        assert calibration.warnings() == []


def test_the_demo_has_a_certificate(demo_output):
    assert "1 certificate added" in demo_output
    calibration = StaffCalibration.objects.get()
    assert calibration.staff.factor == calibration.standard_factor
    assert calibration.warnings() == []


def test_no_report_of_the_demo_has_a_suspect_residual_beyond_chance(demo_output):
    suspects = [
        observation
        for campaign in RangeMeasurement.objects.all()
        for interval in campaign.adjust()
        for observation in interval.observations
        if observation.is_suspect
    ]
    assert len(suspects) <= 8
