"""docs/facts.toml: what the guide knows of the platform, with source and day.

The pages show the facts (substitutions.py) and their sources (sources.py), the stand-in
behaves by them. As a program, names the sources that nobody has read for a year; run so
by `make facts`.
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
class Source:
    """What was read, its address ("" if it has none), and on which day."""

    title: str
    checked: datetime.date
    address: str = ""


@dataclass(frozen=True)
class Fact:
    """A value with its unit ("" for none), and where it was read."""

    value: int | float | str | datetime.date
    unit: str
    source: Source

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


def read_sources(file: Path = FILE) -> dict[str, Source]:
    """Return the sources by name.

    Raises ValueError, naming file and source, for one that is not complete.
    """
    sources = {}
    for name, source in tomllib.loads(file.read_text())["sources"].items():
        if not {"title", "checked"} <= set(source) <= {"title", "checked", "address"}:
            raise ValueError(f"{file}: {name} wants title, checked and maybe address")
        sources[name] = Source(**source)
    return sources


def read_facts(file: Path = FILE) -> dict[str, Fact]:
    """Return the facts by name.

    Raises ValueError, naming file and fact, for one that is not complete.
    """
    sources, facts = read_sources(file), {}
    for name, fact in tomllib.loads(file.read_text())["facts"].items():
        if set(fact) != set(Fact.__dataclass_fields__):
            raise ValueError(f"{file}: {name} wants value, unit and source")
        if fact["source"] not in sources:
            raise ValueError(f"{file}: {name} has no source {fact['source']!r}")
        facts[name] = Fact(**fact | {"source": sources[fact["source"]]})
    return facts


SOURCES = read_sources()
FACTS = read_facts()


def stale(sources: dict[str, Source], today: datetime.date) -> list[str]:
    """Return a line for each source that nobody has read for a year."""
    return [
        f"{FILE.name}: {name} was checked on {source.checked}: "
        f"read {source.address or source.title} again, and write today's date"
        for name, source in sources.items()
        if today - source.checked > LASTS
    ]


if __name__ == "__main__":
    sys.exit("\n".join(stale(SOURCES, datetime.date.today())) or 0)
