"""The surveyor's file: what is read, and how errors name their line."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staff_calibration.computation import calibrate
from staff_calibration.readings_file import ReadingsFileError, parse_readings
from tests.support import campaigns

KNOWN = campaigns.heights(random.Random(21))
WHOLE = campaigns.run(KNOWN, campaigns.PINS)
UPPER = campaigns.run(KNOWN, campaigns.UPPER)
LOWER = campaigns.run(KNOWN, campaigns.LOWER)
ROWS = [f"{pin},{0.1 + 0.19 * pin:.4f},5,0.0001" for pin in range(1, 8)]
FILE = "\n".join(["pin,reading,count,sd", *ROWS])
ROW_OF_PIN_4 = ROWS[3]


def messages(text, length=4.0):
    with pytest.raises(ReadingsFileError) as caught:
        parse_readings(text, length)
    return caught.value.messages


@pytest.mark.parametrize("runs", [(WHOLE,), (UPPER, LOWER), (UPPER, LOWER, WHOLE)])
def test_set_ups_are_told_apart_by_a_pin_that_goes_back(runs):
    assert parse_readings(campaigns.csv_file(runs), 4.0) == runs


def test_an_equal_pin_starts_a_new_set_up():
    first = campaigns.run(KNOWN, range(1, 8))
    second = campaigns.run(KNOWN, range(7, 12), first=1.9)
    assert parse_readings(campaigns.csv_file([first, second]), 4.0) == (first, second)


def test_the_example_of_the_guide_is_read_in_full_precision():
    text = "\n".join(
        ["Pin number,Staff Reading,Num of readings,Stdev", "1,0.0815,5,0",
         "2,0.1731,5,0", "3,0.3352,5,0.0001", "4,0.5,5,0", "5,0.7,5,0", "6,0.9,5,0"]
    )  # fmt: skip
    [run] = parse_readings(text, 4.0)
    assert (run[2].pin, run[2].value, run[2].standard_deviation) == (3, 0.3352, 0.0001)


@pytest.mark.parametrize(
    "text",
    [
        FILE.replace("\n", "\r\n"),
        FILE.replace("\n", "\r"),
        FILE + "\n\n   \n",
        "\n\n" + FILE,
        FILE.replace("\n", "\n\n"),
        FILE.replace(",", " , "),
        FILE.replace("\n", "\n  "),
        FILE.replace("pin,", "01 Pin,"),
        FILE.replace("pin,reading,count,sd", "Punkt;Ablesung"),
        FILE.replace("\n4,", "\n04,"),
        FILE.replace("\n4,", '\n"4",'),
        FILE.replace("0.0001", "1e-4"),
        FILE.replace("0.0001", ".0001"),
        FILE.replace("0.4800", "+0.48"),
    ],
)
def test_what_varies_between_users_makes_no_difference(text):
    """Mistakes: a leading blank gave NaN, 01 lost intervals, a blank line broke."""
    assert parse_readings(text, 4.0) == parse_readings(FILE, 4.0)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("4,0.86,5", "Line 5: expected 4 cells"),
        ("4,0.86,5,0,0", "Line 5: expected 4 cells"),
        ("4;0.86;5;0", "Line 5: expected 4 cells"),
        ("4,nan,5,0", "Line 5: the reading"),
        ("4,NaN,5,0", "Line 5: the reading"),
        ("4,inf,5,0", "Line 5: the reading"),
        ("4,-Infinity,5,0", "Line 5: the reading"),
        ("4,1e999,5,0", "Line 5: the reading"),
        ("4,0x1p-1,5,0", "Line 5: the reading"),
        ("4,1_0,5,0", "Line 5: the reading"),
        ("4,٠.٨,5,0", "Line 5: the reading"),
        ("4,,5,0", "Line 5: the reading"),
        ("4,-0.1,5,0", "Line 5: the reading"),
        ("4,4.11,5,0", "Line 5: the reading"),
        ("4,0.86,x,0", "Line 5: the number of readings"),
        ("4,0.86,0,0", "Line 5: the number of readings"),
        ("4,0.86,2.5,0", "Line 5: the number of readings"),
        ("4,0.86,99999,0", "Line 5: the number of readings"),
        ("4,0.86,5,-0.1", "Line 5: the standard deviation"),
        ("4,0.86,5,nan", "Line 5: the standard deviation"),
        ("4,0.86,5,1e300", "Line 5: the standard deviation"),
        ("4,0.86,5,1e-300", "Line 5: the standard deviation"),
        ("0,0.86,5,0", "Line 5: the pin"),
        ("22,0.86,5,0", "Line 5: the pin"),
        ("-4,0.86,5,0", "Line 5: the pin"),
        ("4.0,0.86,5,0", "Line 5: the pin"),
        ("A4,0.86,5,0", "Line 5: the pin"),
        ("9" * 5000 + ",0.86,5,0", "Line 5: the pin"),
        ("x" * 140_000 + ",0.86,5,0", "Line 5: field larger"),
        ("=1+1,0.86,5,0", "Line 5: the pin"),
        ("6,0.86,5,0", "Line 5: pin 6 follows pin 3"),
        ("4,0.67,5,0", "Line 5: the reading on pin 4 is not greater"),
        ("4,0.6,5,0", "Line 5: the reading on pin 4 is not greater"),
    ],
)
def test_an_error_names_its_line(row, message):
    assert messages(FILE.replace(ROW_OF_PIN_4, row))[0].startswith(message)


def test_all_errors_of_a_file_are_listed_at_once():
    text = FILE.replace(ROWS[1], "2,x,5,0").replace(ROWS[4], "5,1.05,5,-1")
    assert [message.split(":")[0] for message in messages(text)] == ["Line 3", "Line 6"]


def test_a_long_list_of_errors_is_shortened():
    found = messages("\n".join(["pin", *["x"] * 500]))
    assert len(found) == 21
    assert found[-1] == "… and 480 more."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The file is empty."),
        ("\n \n\r\n", "The file is empty."),
        ("\n".join(ROWS), "Line 1: the header is missing"),
        ("\n\n" + "\n".join(ROWS), "Line 3: the header is missing"),
        ("pin,reading,count,sd", "The file has fewer than 5 intervals"),
        ("\n".join(["pin", *ROWS[:5]]), "The file has fewer than 5 intervals"),
        ("\n".join(["pin", *ROWS, ROWS[0]]), "Line 9: the set-up that starts here"),
        ("\n".join(["pin", ROWS[3], *ROWS]), "Line 2: the set-up that starts here"),
        ("\n".join(["pin", *ROWS * 100]), "Line 602: the file has more than 600 rows"),
    ],
)
def test_a_file_without_enough_in_it_is_refused(text, message):
    assert messages(text)[0].startswith(message)


@pytest.mark.parametrize(("length", "accepted"), [(1.4, True), (1.3, False)])
def test_a_reading_may_lie_a_little_beyond_the_staff(length, accepted):
    # The last reading is 1.43 m.
    if accepted:
        assert parse_readings(FILE, length)
    else:
        assert messages(FILE, length)[0].startswith("Line 8: the reading must be")


def parse_or_refuse(text):
    """Whatever is accepted can be calibrated without an arithmetic error."""
    try:
        runs = parse_readings(text, 4.0)
    except ReadingsFileError as error:
        assert error.messages
        return
    assert sum(len(run) - 1 for run in runs) >= 5
    try:
        calibrate(
            runs, KNOWN, start_temperature=20, end_temperature=20,
            thermal_coefficient=1e-5, standard_temperature=25,
        )  # fmt: skip
    except ValueError as error:
        assert type(error).__name__ in {"ImplausibleFactor", "MissingReference"}


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_any_text_is_parsed_or_refused(text):
    parse_or_refuse(text)


CELLS = st.sampled_from(
    ["1", "2", "3", "21", "22", "0", "-1", "0.1", "0.30001", "1e-9", "5e-324", "1e308",
     "nan", "", " ", '"', "=1", "4.1"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=3, max_size=5).map(",".join), max_size=12))
def test_any_rows_are_parsed_or_refused(rows):
    parse_or_refuse("\n".join(["header", *rows]))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 4.1), st.sampled_from([0.0, 1e-9, 1e-5, 0.5, 1.0])),
        min_size=6,
        max_size=21,
    )
)
def test_any_growing_readings_are_calibrated_or_refused(rows):
    rows = sorted(rows)
    text = ["header"]
    text += [f"{pin},{value!r},5,{sd!r}" for pin, (value, sd) in enumerate(rows, 1)]
    parse_or_refuse("\n".join(text))
