"""An invented range, two years of its campaigns, and a level that reports them.

No pin, serial number or reading is a real one.
"""

import math
import random
from datetime import date
from pathlib import Path

# Heights [m] of the 20 intervals in the mean of the year.
HEIGHTS = (
    0.19214, 0.18655, 0.19837, 0.18321, 0.20042, 0.19173, 0.17908, 0.19486, 0.18767,
    0.19951, 0.19048, 0.18532, 0.20217, 0.18894, 0.19341, 0.18416, 0.19725, 0.19109,
    0.18273, 0.19562,
)  # fmt: skip
# The range is about this much [m] higher at the end of the hot season.
AMPLITUDE = 0.0005
WARMEST_MONTH = 2
YEARS = (2024, 2025)

# Readings of the demo's first staff, which a surveyor may upload for any day; and the
# day and the temperatures [°C] of the certificate that the demo makes from them.
SAMPLE = Path(__file__).parent / "sample" / "readings.csv"
SAMPLE_DAY = date(2024, 11, 20)
SAMPLE_TEMPERATURES = (25, 27)

HEADER = """\
Level Type  : DNA03                         Date : {date:%d/%m/%y}
Serial Number: {level}
"""
SET = """
| Line: LINE{number:05}  Staff No 1  Temp: {temperature:.1f} Degrees  {date:%d/%m/%y} |
|   BS    |   INT   |   FS    |  DIST  |  TOTAL |  ELEV   | NR |  STD   |   PT ID   |
|_________|_________|_________|________|__DIST__|_________| MS |___DEV__|___________|
"""
ROW = (
    "|{bs:9}|{int_:9}|{fs:9}|  9.870 |        |         "
    "|{count:>4}|{sigma:8.5f}|{pin:>11}|\n"
)
RULE = f"|{'_' * 83}|\n"


def campaign_dates():
    """Return the middle of every month of the two years."""
    return [date(year, month, 15) for year in YEARS for month in range(1, 13)]


def heights_in(month):
    """Return the heights [m] by interval in a month."""
    phase = 2 * math.pi * (month - WARMEST_MONTH) / 12
    scale = 1 + AMPLITUDE * math.cos(phase) / math.fsum(HEIGHTS)
    return {pin: height * scale for pin, height in enumerate(HEIGHTS, start=1)}


def air_temperature(day):
    """Return a temperature [°C] that fits the season of the southern hemisphere."""
    return round(18 + 8 * math.cos(2 * math.pi * (day.month - 1) / 12), 1)


def level_report(day, level, factor):
    """Return the report (.ASC) of a campaign with an invar staff of that factor."""
    chance = random.Random(day.toordinal())
    heights = heights_in(day.month)
    text = [HEADER.format(date=day, level=level)]
    for number, (first, last, start) in enumerate([(1, 15, 0.062), (7, 21, 0.048)], 1):
        temperature = air_temperature(day) + number - 1
        text.append(SET.format(number=number, temperature=temperature, date=day))
        value = start
        for pin in range(first, last + 1):
            cell = f"{value + chance.gauss(0, 2e-5):9.5f}"
            text.append(
                ROW.format(
                    bs=cell if pin == first else "",
                    int_=cell if first < pin < last else "",
                    fs=cell if pin == last else "",
                    count=10 if pin == first else "",
                    sigma=chance.choice([0, 1e-5, 2e-5, 3e-5]),
                    pin=pin,
                )
            )
            value += heights.get(pin, 0) / factor
        text.append(RULE)
    return "".join(text)
