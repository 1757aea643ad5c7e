"""docs/facts.toml: what the guide knows of the platform, with source and day.

The pages show it (substitutions.py), the stand-in behaves by it. As a program, names
the facts that nobody has checked for a year; run so by `make facts`.
"""

import datetime
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parent.parent / "facts.toml"
LASTS = datetime.timedelta(days=365)
NO_BREAK_SPACE = "\u00a0"


@dataclass(frozen=True)
class Fact:
    """A value with its unit ("" for none), where it was read, and on which day."""

    value: int | float | str | datetime.date
    unit: str
    source: str
    checked: datetime.date

    def __str__(self) -> str:
        """Return the text of a page, such as "60 seconds" or "US$5"."""
        match self.value:
            case datetime.date() as day:
                return show_date(day)
            case int() | float() as number if self.unit == "US$":
                return f"US${number:,}"
            case int() | float() as number if self.unit:
                return f"{number:,}{NO_BREAK_SPACE}{self.unit}"
        return str(self.value)

    @property
    def megabytes(self) -> int:
        """Return a memory in MB; Heroku's GB has 1024 of them."""
        return int(self.value * {"MB": 1, "GB": 1024}[self.unit])


def show_date(day: datetime.date) -> str:
    """Return a date as the pages write it: 6 February 2026, not broken at its day."""
    return f"{day.day}{NO_BREAK_SPACE}{day:%B %Y}"


def read_facts(file: Path = FILE) -> dict[str, Fact]:
    """Return the facts by name.

    Raises ValueError, naming file and fact, for one that is not complete.
    """
    table = tomllib.loads(file.read_text())
    facts = {}
    for name, fact in table["facts"].items():
        if set(fact) != set(Fact.__dataclass_fields__):
            raise ValueError(f"{file}: {name} wants value, unit, source and checked")
        if fact["source"] not in table["sources"]:
            raise ValueError(f"{file}: {name} has no source {fact['source']!r}")
        facts[name] = Fact(**fact | {"source": table["sources"][fact["source"]]})
    if unused := set(table["sources"]) - {f["source"] for f in table["facts"].values()}:
        raise ValueError(f"{file}: no fact has the source {', '.join(unused)}")
    return facts


FACTS = read_facts()


def stale(facts: dict[str, Fact], today: datetime.date) -> list[str]:
    """Return a line for each fact that nobody has checked for a year."""
    return [
        f"{FILE.name}: {name} = {fact.value} was checked on {fact.checked}: "
        f"read {fact.source} again, and write today's date"
        for name, fact in facts.items()
        if today - fact.checked > LASTS
    ]


if __name__ == "__main__":
    sys.exit("\n".join(stale(FACTS, datetime.date.today())) or 0)
