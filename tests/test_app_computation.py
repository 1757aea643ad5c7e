"""The computation against worked examples, 50-digit arithmetic and its self-checks."""

import ast
import math
import random
import re
from itertools import pairwise
from pathlib import Path

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from measuring import display
from measuring.reading import INTERVALS, Reading, differences, interval_label
from range_calibration.adjustment import InvarStaff, SetUp, adjust
from range_calibration.monthly_means import (
    Campaign,
    monthly_sums,
    monthly_table,
    reference_value,
    yearly_cycle,
)
from staff_calibration.computation import (
    ImplausibleFactor,
    MissingReference,
    ThermalFactor,
    calibrate,
    warnings,
)
from tests.support import campaigns

EXAMPLE = Path(__file__).parent.parent / "example"
PURE_MODULES = [
    "measuring/display.py",
    "measuring/limits.py",
    "measuring/reading.py",
    "range_calibration/adjustment.py",
    "range_calibration/level_report.py",
    "range_calibration/monthly_means.py",
    "staff_calibration/computation.py",
    "staff_calibration/readings_file.py",
]
INVAR = InvarStaff(1.00001, 0.81e-6, 25)
CONDITIONS = {
    "start_temperature": 19.0,
    "end_temperature": 22.0,
    "thermal_coefficient": 10e-6,
    "standard_temperature": 25.0,
}


def exact(value):
    return mpmath.mpf(value)


def near(value, expected):
    return abs(exact(value) - expected) <= 1e-9 * max(1, abs(expected))


@pytest.fixture(autouse=True)
def fifty_digits():
    with mpmath.workdps(50):
        yield


@pytest.mark.parametrize("path", PURE_MODULES)
def test_the_computation_does_without_django(path):
    tree = ast.parse((EXAMPLE / path).read_text())
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name for name in imported if name.split(".")[0] == "django"}
    assert imported <= {
        "collections.abc",
        "csv",
        "dataclasses",
        "datetime",
        "itertools",
        "math",
        "re",
        "measuring",
        "measuring.display",
        "measuring.reading",
    }


APPS = ["measuring", "accounts", "instruments", "range_calibration"]
APPS += ["staff_calibration", "staff"]


@pytest.mark.parametrize("app", APPS)
def test_an_app_knows_only_the_apps_below_it(app):
    """The list goes upwards; a migration knows nothing but migrations."""
    above = APPS[APPS.index(app) + 1 :]
    imported = {
        f"{path.relative_to(EXAMPLE)}: {module}"
        for path in (EXAMPLE / app).rglob("*.py")
        for module in re.findall(
            r"^\s*(?:from|import) (\w+)", path.read_text(), re.MULTILINE
        )
        if module in above
    }
    assert not imported


def test_differences_combine_neighbouring_rows_and_replace_a_sigma_of_zero():
    readings = [
        Reading(3, 0.5, 5, 3e-4),
        Reading(4, 0.75, 5, 4e-4),
        Reading(5, 1, 5, 0),
    ]
    first, second = differences(readings)
    assert (first.interval, first.value, first.sigma) == (3, 0.25, pytest.approx(5e-4))
    assert second.sigma == pytest.approx(math.sqrt(16e-8 + 1e-10))
    assert interval_label(first.interval) == "3-4"


def test_a_repeated_interval_takes_the_weighted_mean_of_both_set_ups():
    # sigma_d is 1e-5*sqrt(2) and 2e-5*sqrt(2): weights 4 to 1.
    upper = (Reading(7, 1.0, 10, 1e-5), Reading(8, 1.2, 10, 1e-5))
    lower = (Reading(7, 0.5, 10, 2e-5), Reading(8, 0.7001, 10, 2e-5))
    staff = InvarStaff(1.0, 0.0, 25.0)
    [adjusted] = adjust([SetUp(upper, 20, 22), SetUp(lower, 22, 22)], staff)
    assert adjusted.value == pytest.approx(0.20002, abs=1e-14)
    assert adjusted.sigma == pytest.approx(1e-5 * math.sqrt(1.6), rel=1e-12)
    assert adjusted.u95 == 1.96 * adjusted.sigma
    assert adjusted.observations[0].residual == pytest.approx(0.00002, abs=1e-14)
    assert adjusted.observations[1].residual == pytest.approx(-0.00008, abs=1e-14)
    assert adjusted.observations[1].standardised_residual == pytest.approx(
        -8e-5 / math.sqrt(8e-10 - 1.6e-10)
    )
    assert [one.is_suspect for one in adjusted.observations] == [True, True]


def test_an_interval_seen_once_has_no_standardised_residual():
    [adjusted] = adjust(
        [SetUp((Reading(1, 0.1, 10, 1e-5), Reading(2, 0.3, 10, 0)), 20, 20)], INVAR
    )
    [observation] = adjusted.observations
    assert (observation.residual, observation.standardised_residual) == (0, None)
    assert not observation.is_suspect


def test_the_invar_corrections_survive_although_below_five_decimals():
    """The mistake: readings rounded to 5 decimals before the adjustment."""
    staff = InvarStaff(1.0000123, 0.81e-6, 25)
    readings = (Reading(1, 0.1, 10, 1e-5), Reading(2, 0.29, 10, 1e-5))
    [adjusted] = adjust([SetUp(readings, 20, 22)], staff)
    assert adjusted.value == pytest.approx(
        0.19 * 1.0000123 * (1 + 0.81e-6 * -4), abs=1e-15
    )
    assert adjusted.value != round(adjusted.value, 5)


@pytest.mark.parametrize("seed", range(220))
def test_a_campaign_agrees_with_fifty_digits(seed):
    generator = random.Random(seed)
    runs = campaigns.campaign(generator)
    staff = InvarStaff(
        generator.uniform(0.9999, 1.0001), generator.uniform(0, 5e-6), 25.0
    )
    set_ups = [
        SetUp(run, generator.uniform(5, 35), generator.uniform(5, 35)) for run in runs
    ]
    expected = {}
    for set_up in set_ups:
        mean = (exact(set_up.start_temperature) + exact(set_up.end_temperature)) / 2
        k = exact(staff.factor) * (1 + exact(staff.thermal_coefficient) * (mean - 25))
        for upper, lower in pairwise(set_up.readings):
            d = exact(lower.value) - exact(upper.value)
            variance = sum(
                exact(row.standard_deviation or "1e-5") ** 2 for row in (upper, lower)
            )
            expected.setdefault(upper.pin, []).append((k * d, variance))
    adjusted = adjust(set_ups, staff)
    assert [one.interval for one in adjusted] == list(INTERVALS)
    for one in adjusted:
        rows = expected[one.interval]
        total = sum(1 / variance for _, variance in rows)
        value = sum(h / variance for h, variance in rows) / total
        assert near(one.value, value)
        assert near(one.sigma, 1 / mpmath.sqrt(total))
        for observation, (h, variance) in zip(one.observations, rows, strict=True):
            assert near(observation.corrected, h)
            if len(rows) == 2:
                sigma_v = mpmath.sqrt(variance - 1 / total)
                assert near(observation.residual, value - h)
                assert near(observation.standardised_residual, (value - h) / sigma_v)


@pytest.mark.parametrize(
    ("heights", "expected"),
    [
        ([0.19001], 0.19001),
        ([0.19, 0.1902], 0.1901),
        ([0.19, 0.19001, 0.1905], 0.190005),
        ([0.1900, 0.1902, 0.1904], (0.1902 + 0.1900 + 0.1904) / 3),
        ([0.1900, 0.1902, 0.1904003], 0.1902001),
        ([0.1, 0.2, 0.3, 0.4], 0.25),
    ],
)
def test_the_reference_is_the_mean_of_the_two_heights_nearest_to_the_mean(
    heights, expected
):
    assert reference_value(heights) == pytest.approx(expected, abs=1e-12)


@given(st.lists(st.floats(0.1, 0.3), min_size=1, max_size=12), st.randoms())
def test_the_reference_does_not_depend_on_the_order_of_campaigns(heights, generator):
    shuffled = generator.sample(heights, len(heights))
    assert reference_value(shuffled) == reference_value(heights)
    assert min(heights) - 1e-15 <= reference_value(heights) <= max(heights) + 1e-15


@pytest.mark.parametrize("seed", range(50))
def test_the_monthly_table_agrees_with_fifty_digits(seed):
    generator = random.Random(seed)
    measured = [
        Campaign(generator.randint(1, 12), campaigns.heights(generator))
        for _ in range(generator.randint(1, 60))
    ]
    table = {(row.month, row.interval): row for row in monthly_table(measured)}
    months = {campaign.month for campaign in measured}
    assert {month for month, _ in table} == months
    for month in months:
        for interval in INTERVALS:
            values = [
                exact(one.heights[interval]) for one in measured if one.month == month
            ]
            mean = sum(values) / len(values)
            if len(values) > 2:
                distances = sorted(abs(value - mean) for value in values)
                limit = distances[1] + exact("1e-6")
                values = [value for value in values if abs(value - mean) <= limit]
            row = table[month, interval]
            assert near(row.value, sum(values) / len(values))
            assert row.campaigns == sum(one.month == month for one in measured)


def test_campaigns_of_other_years_count_for_the_same_month():
    first, second = (Campaign(3, {1: 0.19}), Campaign(3, {1: 0.1902}))
    [row] = monthly_table([first, second])
    assert (row.value, row.campaigns) == (pytest.approx(0.1901), 2)


def test_a_month_without_all_intervals_has_no_sum_and_no_bar():
    complete = dict.fromkeys(INTERVALS, 0.19)
    table = {1: complete, 2: {**complete, 5: 0.191}, 3: {1: 0.19}}
    sums = monthly_sums(table)
    assert sums == {1: pytest.approx(3.8), 2: pytest.approx(3.801)}
    assert yearly_cycle(sums) == {1: pytest.approx(-0.5), 2: pytest.approx(0.5)}
    assert yearly_cycle({}) == {}


@pytest.mark.parametrize("factor", [1.0, 1.0003, 0.9996])
def test_a_scaled_staff_gives_its_scale_and_no_graduation_uncertainty(factor):
    known = campaigns.heights(random.Random(3))
    result = calibrate(
        [campaigns.run(known, campaigns.PINS, factor=factor)], known, **CONDITIONS
    )
    assert result.factor == pytest.approx(factor, abs=1e-13)
    assert result.check_factor == pytest.approx(factor, abs=1e-13)
    assert result.graduation_uncertainty == pytest.approx(0, abs=1e-14)
    assert result.temperature == 20.5
    assert result.standard_factor == pytest.approx(factor * (1 + 10e-6 * 4.5))


def test_two_runs_of_the_same_staff_give_the_factor_of_one():
    """The mistake: a second set-up sorted by pin with the first (factor 0.67)."""
    known = campaigns.heights(random.Random(4))
    whole = campaigns.run(known, campaigns.PINS, factor=1.0002)
    upper = campaigns.run(known, campaigns.UPPER, factor=1.0002, first=0.31)
    lower = campaigns.run(known, campaigns.LOWER, factor=1.0002, first=0.02)
    one = calibrate([whole], known, **CONDITIONS)
    two = calibrate([upper, lower], known, **CONDITIONS)
    assert two.factor == pytest.approx(one.factor, abs=1e-13)
    assert two.check_factor == pytest.approx(one.check_factor, abs=1e-13)
    assert len(two.observations) == 28
    assert (
        next(row.difference.interval for row in two.observations if row.run == 2) == 7
    )


@given(
    factor=st.floats(0.99, 1.01),
    temperature=st.floats(-10, 55),
    ppm=st.floats(0.1, 50),
)
def test_the_factor_is_one_at_the_unit_temperature(factor, temperature, ppm):
    thermal = ThermalFactor(factor, temperature, ppm * 1e-6)
    assert thermal.at(thermal.unit_temperature) == pytest.approx(1, abs=1e-12)
    assert thermal.at(temperature) == factor


def test_without_thermal_coefficient_no_temperature_makes_the_factor_one():
    assert ThermalFactor(1.0001, 20, 0).unit_temperature is None


def test_the_table_has_a_row_every_two_degrees():
    rows = ThermalFactor(1.0001, 20, 10e-6).table
    assert [row.temperature for row in rows] == list(range(0, 41, 2))
    assert rows[0].factor == pytest.approx(1.0001 * (1 - 2e-4))
    assert rows[10].correction == pytest.approx(0.1)


def intervals_and_check(runs, known):
    """Return the intervals (known, measured, variance) and the check's factor."""
    rows = []
    products = squares = exact(0)
    for run in runs:
        weights = [1 / exact(row.standard_deviation or 1e-5) ** 2 for row in run]
        height = [exact(0)]
        for upper, lower in pairwise(run):
            m = exact(lower.value) - exact(upper.value)
            variance = sum(
                exact(row.standard_deviation or 1e-5) ** 2 for row in (upper, lower)
            )
            rows.append((exact(known[upper.pin]), m, variance))
            height.append(height[-1] + exact(known[upper.pin]))
        total = sum(weights)
        reading = [exact(row.value) for row in run]
        r_mean = sum(w * r for w, r in zip(weights, reading, strict=True)) / total
        h_mean = sum(w * h for w, h in zip(weights, height, strict=True)) / total
        for w, r, h in zip(weights, reading, height, strict=True):
            products += w * (r - r_mean) * (h - h_mean)
            squares += w * (r - r_mean) ** 2
    return rows, products / squares


def factor_of(rows):
    """Return the weighted factor, its U95 and the graduation's uncertainty."""
    total = sum(1 / variance for _, _, variance in rows)
    factor = sum(known_ / m / variance for known_, m, variance in rows) / total
    u95 = (
        exact("1.96")
        * mpmath.sqrt(
            sum((1 / variance) ** 2 * variance / m**2 for _, m, variance in rows)
        )
        / total
    )
    graduation = exact("1.96") * mpmath.sqrt(
        sum((known_ - factor * m) ** 2 for known_, m, _ in rows) / (len(rows) - 1)
    )
    return factor, u95, graduation


@pytest.mark.parametrize("seed", range(220))
def test_a_calibration_agrees_with_fifty_digits(seed):
    generator = random.Random(1000 + seed)
    known = campaigns.heights(generator)

    def sigma():
        return generator.choice([0.0, generator.uniform(1e-5, 3e-4)])

    def noise():
        return generator.gauss(0, 5e-5)

    layout = generator.choice(
        [[campaigns.PINS], [campaigns.UPPER, campaigns.LOWER], [range(1, 8)]]
    )
    runs = [
        campaigns.run(
            known,
            pins,
            factor=generator.uniform(0.998, 1.002),
            noise=noise,
            sigma=sigma,
        )
        for pins in layout
    ]
    start, end, standard = (generator.uniform(-10, 55) for _ in range(3))
    ppm = generator.choice([0.0, generator.uniform(0, 25)])
    result = calibrate(
        runs,
        known,
        start_temperature=start,
        end_temperature=end,
        thermal_coefficient=ppm * 1e-6,
        standard_temperature=standard,
    )

    rows, check_factor = intervals_and_check(runs, known)
    factor, u95, graduation = factor_of(rows)
    alpha = exact(ppm * 1e-6)
    mean = (exact(start) + exact(end)) / 2
    assert near(result.factor, factor)
    assert near(result.factor_u95, u95)
    assert near(result.standard_factor, factor * (1 + alpha * (standard - mean)))
    assert near(result.graduation_uncertainty, graduation)
    assert near(result.check_factor, check_factor)
    thermal = ThermalFactor(result.factor, result.temperature, ppm * 1e-6)
    if ppm:
        assert near(thermal.unit_temperature, mean + (1 / factor - 1) / alpha)
    for row in thermal.table:
        k = factor * (1 + alpha * (row.temperature - mean))
        assert near(row.factor, k)
        assert near(row.correction, (k - 1) * 1000)


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32),
    factor=st.floats(0.9905, 1.0095),
    scale=st.floats(0.9996, 1.0004),
)
def test_scaling_the_staff_scales_its_factor(seed, factor, scale):
    generator = random.Random(seed)
    known = campaigns.heights(generator)
    run = campaigns.run(
        known, campaigns.PINS, factor=factor, noise=lambda: generator.gauss(0, 1e-5)
    )
    scaled = [
        Reading(row.pin, row.value / scale, row.count, row.standard_deviation)
        for row in run
    ]
    cold = {**CONDITIONS, "thermal_coefficient": 0.0}
    one, other = (calibrate([rows], known, **cold) for rows in (run, tuple(scaled)))
    assert other.factor == pytest.approx(one.factor * scale, abs=1e-12)


def test_a_reference_that_lacks_an_interval_stops_the_calibration():
    """The mistake: intervals without a match left as zeros, of weight 1/0."""
    known = campaigns.heights(random.Random(5))
    run = campaigns.run(known, campaigns.PINS)
    del known[4], known[9]
    with pytest.raises(MissingReference) as caught:
        calibrate([run], known, **CONDITIONS)
    assert caught.value.intervals == (4, 9)
    assert "4-5" in str(caught.value)


@pytest.mark.parametrize("factor", [0.67, 1.02])
def test_a_factor_that_no_staff_has_is_refused(factor):
    known = campaigns.heights(random.Random(6))
    with pytest.raises(ImplausibleFactor):
        calibrate(
            [campaigns.run(known, campaigns.PINS, factor=factor)], known, **CONDITIONS
        )


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (((20, 22), 21.0, 1.0, 1.00004), 0),
        (((20, 46), 21.0, 1.0, 1.0), 1),
        (((-1, 20), None, 1.0, 1.0), 1),
        (((20, 22), 60.0, 1.0, 1.0), 1),
        (((20, 22), 21.0, 1.0, 1.00006), 1),
        (((-5, 50), -11.0, 1.0, 0.9999), 3),
    ],
)
def test_what_is_unusual_is_warned_of(arguments, found):
    assert len(warnings(*arguments)) == found


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (display.decimals(-0.5, 2), "−0.50"),
        (display.decimals(-1e-9, 2), "0.00"),
        (display.metres(0.190004), "0.19000"),
        (display.metres(-0.00003), "−0.00003"),
        (display.millimetres(0.000123), "0.12"),
        (display.ratio(1.0001234), "1.000123"),
    ],
)
def test_numbers_are_shown_with_their_decimals(shown, text):
    assert shown == text


def test_a_warning_shows_true_minus_signs():
    [text] = warnings((20, 21), -11.04, 1, 1)
    assert "(−11.0 °C) is outside −10 … 55 °C" in text
