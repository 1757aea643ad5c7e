"""Invented range, campaigns and files, for the tests of the example's computation."""

import random

from measuring.reading import Reading

PINS = range(1, 22)
UPPER = range(1, 16)
LOWER = range(7, 22)
# So many single measurements make a reading.
COUNT = 10


def heights(generator: random.Random) -> dict[int, float]:
    """Twenty intervals of about 0.19 m, 3.8 m in all."""
    return {pin: generator.uniform(0.15, 0.2249) for pin in range(1, 21)}


def run(known, pins, *, factor=1.0, first=0.05, noise=lambda: 0.0, sigma=lambda: 0.0):
    """Return readings of a staff whose true length is `factor` times what it shows."""
    value = first
    readings = []
    for pin in pins:
        readings.append(Reading(pin, value + noise(), COUNT, sigma()))
        value += known.get(pin, 0.0) / factor
    return tuple(readings)


def csv_file(runs, header="Pin number,Staff Reading,Num of readings,Stdev"):
    rows = [
        f"{reading.pin},{reading.value!r},{reading.count},{reading.standard_deviation!r}"
        for readings in runs
        for reading in readings
    ]
    return "\n".join([header, *rows, ""])


def dna03(sets, *, date="14/03/26", serial="704211", temperatures=(21, 23), tail=True):
    """Return a report as a DNA03's; `sets` are the runs, or None for an empty line."""
    text = [
        "Level Type  : DNA03          Date : " + date,
        f"Serial Number: {serial}      Observer : Q. Z.",
        "",
    ]
    for number, readings in enumerate(sets, start=1):
        temperature = temperatures[(number - 1) % len(temperatures)]
        text += dna03_header(f"LINE{number:05}", temperature)
        rows = readings or ()
        for index, reading in enumerate(rows):
            sight = "BS" if index == 0 else "FS" if index == len(rows) - 1 else "INT"
            count = reading.count if index == 0 else ""
            text.append(dna03_row(reading, sight, count))
        if tail or number < len(sets):
            text += ["|" + "_" * 91 + "|", ""]
    return "\r\n".join(text) + "\r\n"


def dna03_header(name, temperature):
    return [
        f"| Line: {name}  Staff No 1  Temp: {temperature} Degrees  14/03/26 08:15:09 |",
        "|   BS    |   INT   |   FS    |  DIST   |  TOTAL  |  ELEV   | NR |  STD   |"
        "   PT ID   |",
        "|_________|_________|_________|_________|__DIST___|_________| MS |___DEV__|"
        "___________|",
    ]


def dna03_row(reading, sight, count):
    cells = {name: "" for name in ("BS", "INT", "FS")}
    for name in sight.split("+"):
        cells[name] = f"{reading.value:.5f}"
    return (
        f"|{cells['BS']:>9}|{cells['INT']:>9}|{cells['FS']:>9}|    9.873|         |"
        f"         |{count:>4}|{reading.standard_deviation:8.5f}|{reading.pin:>11}|"
    )


def bfod(
    sets, *, date="14/ 3/2026", serial="331907", temperatures=((20, 21), (22, 24))
):
    """Return a BFOD report, the set's temperatures in its first and last row."""
    text = [
        "~BFOD VERSION 18.0~",
        f" DATE : {date}     SERIAL NUMBER : {serial}",
        "",
        " CHECK & ADJUST",
        "|  1.20431 |          |          |   15.02|  1 |",
        "|  1.31877 |          |          |   30.11|  2 |",
        "|  1.20012 |          |          |    3.05|  3 |",
        "|  1.31466 |          |          |   30.09|  4 |",
        "",
    ]
    for number, (readings, (start, end)) in enumerate(
        zip(sets, temperatures, strict=True), start=1
    ):
        text += [
            ">" * 90,
            f"|LINE : LINE{number:05} STAFF NUMBER 1 : 14/03/2026 08:15 |",
            "|METHOD : BF                                               |",
            "|   BS    |   INT   |   FS    |  DIST   |  TOTAL  |  ELEV   | NR "
            "|  STD   | TEMP | PT ID |",
            "|         |         |         |         |  DIST   |         | MS "
            "|  DEV   |  [C] |       |",
            "|---------|---------|---------|---------|---------|---------|----"
            "|--------|------|-------|",
        ]
        for index, reading in enumerate(readings):
            last = index == len(readings) - 1
            cells = [f"{reading.value:9.5f}", " " * 9, " " * 9]
            if index:
                cells = (
                    cells[1:] + cells[:1] if last else [cells[1], cells[0], cells[2]]
                )
            temperature = start if index == 0 else end if last else ""
            text.append(
                f"|{'|'.join(cells)}|    9.873|         |         |{reading.count:>4}|"
                f"{reading.standard_deviation:8.5f}|{temperature:>6}|{reading.pin:>7}|"
            )
            text.append(
                f"|{'':9}|{'':9}|{'':9}|{'':9}|   19.746|{'':9}|{'':4}|{'':8}|"
                f"{'':6}|{'':7}|"
            )
    text.append("END OF RECORD")
    return "\n".join(text) + "\n"


def campaign(generator: random.Random, known=None, *, factor=1.0):
    """Return the two set-ups of a campaign, as a level would report them."""
    known = known or heights(generator)

    def sigma():
        return generator.choice([0.0, round(generator.uniform(1e-5, 9e-5), 5)])

    def noise():
        return generator.gauss(0, 2e-5)

    return tuple(
        run(known, pins, factor=factor, first=first, noise=noise, sigma=sigma)
        for pins, first in ((UPPER, 0.05), (LOWER, 0.04))
    )
