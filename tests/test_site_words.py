"""The words of the pages: what they avoid, and versions that come from the files."""

import re

import pytest

from tests.conftest import ROOT
from tests.support.pages import HISTORY, SOURCES, VERSIONS, prose

# Django's documentation avoids the first; the rest is how names are spelt.
# https://docs.djangoproject.com/en/5.2/internals/contributing/writing-documentation/
AVOIDED = {
    r"(?i)\b(simply|just|easy|easily|obviously)\b": "belittles whoever is stuck",
    r"\bGithub\b": "GitHub",
    r"\bPostgresql\b": "PostgreSQL",
    r"(?<!Heroku )\b[Pp]ostgres\b": "PostgreSQL, or the product Heroku Postgres",
    r"(?i)\b(behavior|center|color|gray|labeled|leveling|license)s?\b": "en-GB",
    r"(?i)\b(analyze|canceled|catalog|organize|recognize|traveled)[ds]?\b": "en-GB",
}

PROGRAMS = "Python|Django|gunicorn|psycopg|WhiteNoise|Brotli|Heroku CLI|heroku"
NAMED_VERSION = re.compile(rf"(?i)\b({PROGRAMS})[ /=]+v?(\d+\.\d+)")


@pytest.mark.parametrize("pattern", AVOIDED)
@pytest.mark.parametrize("name", SOURCES)
def test_page_avoids_words(name, pattern):
    found = re.findall(pattern, prose(name))
    assert not found, AVOIDED[pattern]


def without_addresses(name):
    return re.sub(r"https?://\S+", "", SOURCES[name])


@pytest.mark.parametrize("name", [name for name in SOURCES if name != HISTORY])
def test_versions_come_from_the_files(name):
    assert not NAMED_VERSION.findall(without_addresses(name))


@pytest.mark.parametrize(
    "version", [VERSIONS[name] for name in ("python", "django", "cli")]
)
@pytest.mark.parametrize("name", [name for name in SOURCES if name != HISTORY])
def test_versions_of_the_files_are_substitutions(name, version):
    literal = rf"(?<![\d.]){re.escape(version)}(?!\d|\.\d)"
    assert not re.findall(literal, without_addresses(name))


@pytest.mark.parametrize("name", ["README.md", "Makefile"])
def test_the_oldest_python_is_the_same_everywhere(name):
    named = set(re.findall(r"Python (\d[\d.]*\d) or newer", (ROOT / name).read_text()))
    assert named == {VERSIONS["oldest-python"]}


def test_read_the_docs_builds_with_the_python_of_the_example():
    configuration = (ROOT / ".readthedocs.yaml").read_text()
    assert re.findall(r'python: "(.+)"', configuration) == [VERSIONS["python"]]
