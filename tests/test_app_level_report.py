"""Both layouts of level reports, and the traps met in real files."""

import random
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from measuring.reading import Reading
from range_calibration.level_report import LevelReportError, parse_level_report
from tests.support import campaigns

SETS = campaigns.campaign(random.Random(11))


def rounded(run):
    return tuple(
        Reading(row.pin, round(row.value, 5), row.count, row.standard_deviation)
        for row in run
    )


def lines_of(text):
    return text.replace("\r\n", "\n").split("\n")


@pytest.mark.parametrize(
    ("text", "layout", "temperatures"),
    [
        (campaigns.dna03(SETS), "DNA03", [(21, 21), (23, 23)]),
        (campaigns.bfod(SETS), "BFOD", [(20, 21), (22, 24)]),
    ],
)
def test_both_layouts_yield_the_same_sets(text, layout, temperatures):
    report = parse_level_report(text)
    assert report.layout == layout
    assert report.observation_date == date(2026, 3, 14)
    assert tuple(one.readings for one in report.sets) == tuple(map(rounded, SETS))
    assert [
        (one.start_temperature, one.end_temperature) for one in report.sets
    ] == temperatures


def test_the_serial_number_of_the_level_is_read():
    assert parse_level_report(campaigns.dna03(SETS)).serial_number == "704211"
    assert parse_level_report(campaigns.bfod(SETS)).serial_number == "331907"


def test_the_count_of_the_first_row_is_carried_down():
    report = parse_level_report(campaigns.dna03(SETS))
    assert {row.count for one in report.sets for row in one.readings} == {10}


def test_a_single_odd_count_is_accepted():
    first, second = SETS
    odd = Reading(first[4].pin, first[4].value, 11, first[4].standard_deviation)
    report = parse_level_report(campaigns.bfod(((*first[:4], odd, *first[5:]), second)))
    assert [row.count for row in report.sets[0].readings].count(11) == 1


def test_a_collimation_test_and_empty_lines_are_passed_over():
    """An opened but empty LINE00001, the collimation test, then the real sets."""
    upper, lower = SETS
    test = (Reading(1, 1.2, 5, 0.0), Reading(2, 1.3, 5, 0.0))
    plain = campaigns.dna03([None, upper, None, lower])
    named = [
        *campaigns.dna03_header("Chek&Adj", 21),
        campaigns.dna03_row(test[0], "BS", 5).replace("          1|", "         A1|"),
        campaigns.dna03_row(test[1], "FS", 5).replace("          2|", "         B1|"),
        "|" + "_" * 83 + "|",
        "",
    ]
    marker = "| Line: LINE00002"
    text = plain.replace(marker, "\r\n".join(named) + "\r\n" + marker)
    assert "Chek&Adj" in text
    report = parse_level_report(text)
    assert tuple(one.readings for one in report.sets) == tuple(map(rounded, SETS))


def test_four_rows_without_a_column_header_are_passed_over():
    rows = [
        campaigns.dna03_row(Reading(pin, 1.0 + pin / 10, 5, 0.0), "BS", 5)
        for pin in range(1, 5)
    ]
    text = campaigns.dna03(SETS).replace(
        "| Line: LINE00001", "\r\n".join([*rows, ""]) + "\r\n| Line: LINE00001"
    )
    assert len(parse_level_report(text).sets[0].readings) == 15


@pytest.mark.parametrize("layout", [campaigns.dna03, campaigns.bfod])
def test_a_missing_end_of_the_last_set_does_not_matter(layout):
    text = layout(SETS)
    last = text.rindex("\n|____") if layout is campaigns.dna03 else text.rindex("\nEND")
    assert parse_level_report(text[:last]) == parse_level_report(text)


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\r"])
def test_any_line_end_is_read(separator):
    text = separator.join(lines_of(campaigns.bfod(SETS)))
    assert parse_level_report(text) == parse_level_report(campaigns.bfod(SETS))


def test_the_same_reading_in_two_columns_is_accepted():
    row = campaigns.dna03_row(SETS[0][14], "FS", "")
    double = campaigns.dna03_row(SETS[0][14], "INT+FS", "")
    text = campaigns.dna03(SETS)
    assert row in text
    assert parse_level_report(text.replace(row, double)) == parse_level_report(text)


def test_two_different_readings_in_a_row_are_an_error():
    row = campaigns.dna03_row(SETS[0][14], "FS", "")
    double = campaigns.dna03_row(SETS[0][14], "INT+FS", "")
    broken = double.replace(f"{SETS[0][14].value:.5f}", "1.00000", 1)
    with pytest.raises(LevelReportError, match=r"Line \d+: the row has two"):
        parse_level_report(campaigns.dna03(SETS).replace(row, broken))


def test_a_leading_zero_or_blank_does_not_lose_a_pin():
    """The mistake: pin labels compared as text."""
    text = campaigns.dna03(SETS).replace("          8|", "       08  |")
    report = parse_level_report(text)
    assert [row.pin for row in report.sets[1].readings] == list(range(7, 22))


@pytest.mark.parametrize("written", ["31/02/26", "99/99/99", ""])
def test_an_impossible_date_is_no_date(written):
    assert (
        parse_level_report(campaigns.dna03(SETS, date=written)).observation_date is None
    )


UPPER, LOWER = SETS


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        ([UPPER], "1 sets"),
        ([UPPER, LOWER, UPPER], "3 sets"),
        ([None, None], "0 sets"),
        ([UPPER[:5] + UPPER[6:], LOWER], "pin 7 follows pin 5"),
        ([UPPER[::-1], LOWER], "go up by one"),
        ([UPPER[:5], LOWER], "overlap and cover"),
        ([UPPER, LOWER[:-1]], "overlap and cover"),
        ([UPPER[1:], LOWER], "overlap and cover"),
        ([UPPER, UPPER], "overlap and cover"),
    ],
)
def test_wrong_sets_are_refused(sets, message):
    with pytest.raises(LevelReportError, match=message):
        parse_level_report(campaigns.dna03(sets))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("|          7|", "|         A7|"),
        ("|          7|", "|        7.5|"),
        ("0.06200", "99.0000"),
        ("  10| 0.000", "  10|   ?   "),
        ("  10|", " -10|"),
        ("  10|", "    |"),
        ("NR |", "   |"),
    ],
)
def test_a_cell_that_is_not_usable_is_refused(old, new):
    first = Reading(1, 0.062, 10, 0.00001)
    text = campaigns.dna03(((first, *UPPER[1:]), LOWER))
    assert old in text
    with pytest.raises(LevelReportError):
        parse_level_report(text.replace(old, new))


@pytest.mark.parametrize("text", ["", "\n", "hello", campaigns.csv_file(SETS)])
def test_another_file_is_not_a_level_report(text):
    with pytest.raises(LevelReportError, match="not a level report"):
        parse_level_report(text)


def parse_or_refuse(text):
    try:
        report = parse_level_report(text)
    except LevelReportError:
        return
    pins = {row.pin for one in report.sets for row in one.readings}
    assert pins == set(range(1, 22))


FUZZ = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@FUZZ
@given(
    st.text(), st.sampled_from(["Level Type  : DNA03\n", "~BFOD VERSION 18.0~\n", ""])
)
def test_any_text_is_parsed_or_refused(text, head):
    parse_or_refuse(head + text)


@FUZZ
@given(
    st.lists(
        st.sampled_from(
            [
                "| Line: LINE00001 Temp: 21 Degrees |", "|LINE : Chek&Adj|",
                "| BS | INT | FS | NR | STD | PT |", "|BS|INT|",
                ">>>>", "<<<<", "",
                "|_____|", "| 1.2 | | | 10 | 0.0 | 1 |", "| | 1.4 | | | 0.0 | 2 |",
                "| 1e999 | | | 10 | nan | 1 |", "| ٣ | | | ١ | 0 | 1 |",
                "|1|1|1|1|1|1|",
            ]
        ),
        max_size=40,
    )
)  # fmt: skip
def test_any_order_of_lines_is_parsed_or_refused(lines):
    parse_or_refuse("\n".join(["Level Type : X", *lines]))


@FUZZ
@given(
    st.sampled_from([campaigns.dna03(SETS), campaigns.bfod(SETS)]),
    st.lists(st.tuples(st.integers(0, 8000), st.text(max_size=3)), max_size=5),
    st.integers(0, 9000),
)
def test_a_damaged_report_is_parsed_or_refused(text, damages, length):
    for position, piece in damages:
        text = text[:position] + piece + text[position + len(piece) :]
    parse_or_refuse(text[:length] if length > 500 else text)
