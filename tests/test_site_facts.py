"""The facts of docs/facts.toml: complete, used, and those of the programs at hand."""

import datetime
import re

import pytest
from django.core.management.commands.runserver import Command as RunServer
from gunicorn.config import Config

from docs._extensions.facts import FACTS, SOURCES, read_facts, read_sources, stale
from docs._extensions.substitutions import CODE, TYPED_ON_PURPOSE, substitutions
from tests.conftest import ROOT
from tests.support import heroku_cli, pages
from tests.support.pages import LATEST_DATE

GOOD = """
[sources]
boot = { title = "R10", address = "https://help.heroku.com/R10", checked = 2026-11-22 }
[facts]
boot-timeout = { value = 60, unit = "seconds", source = "boot" }
"""


def test_a_fact_is_shown_with_its_unit_and_does_not_break_there(tmp_path):
    (tmp_path / "facts.toml").write_text(GOOD)
    facts = read_facts(tmp_path / "facts.toml")
    assert str(facts["boot-timeout"]) == "60\u00a0seconds"


@pytest.mark.parametrize(
    "old, new, message",
    [
        ('source = "boot"', 'source = "root"', "boot-timeout has no source 'root'"),
        (', source = "boot"', "", "boot-timeout wants value, unit and source"),
        (", checked = 2026-11-22", "", "boot wants title, checked and maybe address"),
    ],
)
def test_a_fact_that_is_not_complete_is_refused(tmp_path, old, new, message):
    file = tmp_path / "facts.toml"
    file.write_text(GOOD.replace(old, new))
    with pytest.raises(ValueError, match=rf"{file}: {message}"):
        read_facts(file)


def test_a_source_is_stale_when_nobody_has_read_it_for_a_year(tmp_path):
    (tmp_path / "facts.toml").write_text(GOOD)
    sources = read_sources(tmp_path / "facts.toml")
    assert not stale(sources, datetime.date(2027, 11, 22))
    (line,) = stale(sources, datetime.date(2027, 11, 23))
    assert line.startswith("facts.toml: boot was checked on 2026-11-22")


@pytest.mark.parametrize("name", SOURCES)
def test_no_source_was_checked_in_the_future(name):
    assert SOURCES[name].checked <= LATEST_DATE


@pytest.mark.parametrize("code", [name for name in FACTS if CODE.fullmatch(name)])
def test_the_stand_in_has_the_code_or_does_not_play_it(code):
    sources = [f.read_text() for f in (ROOT / "rehearsal" / "heroku").rglob("*.py")]
    text = FACTS[code].value
    forms = f'"{code}", "{text}"', f"{code} ({text})", f'code={code} desc="{text}"'
    said = [form for form in forms if any(form in source for source in sources)]
    assert said or not any(code in source for source in sources)


# Who uses a fact otherwise than as a substitution of a page.
READERS = [
    *(ROOT / "docs" / "_extensions").glob("*.py"),
    *(ROOT / "rehearsal").glob("*.py"),
    *(ROOT / "rehearsal" / "heroku").rglob("*.py"),
    *(ROOT / "tests").glob("test_app_*.py"),
    ROOT / "tests" / "test_site_facts.py",
]


def on_a_page(text):
    return any(text in source for source in pages.SOURCES.values())


@pytest.mark.parametrize("name", FACTS)
def test_a_fact_is_used(name):
    # The stand-in has a table of dyno sizes and one of plans.
    of_a_table = re.sub(r"^.+(?=-(memory|price|size|connections)$)", "", name)
    code = "".join(file.read_text() for file in READERS)
    assert (
        on_a_page(f"|{name}|")
        or on_a_page(f"``{FACTS[name].value}``")
        or f'"{name}"' in code
        or f'}}{of_a_table}"' in code
    )


@pytest.mark.parametrize("name", sorted(substitutions().keys() - FACTS.keys()))
def test_a_substitution_is_used(name):
    assert on_a_page(f"|{name}|")


@pytest.mark.parametrize("text", TYPED_ON_PURPOSE)
def test_a_number_that_is_typed_on_purpose_is_on_a_page(text):
    assert any(text in " ".join(source.split()) for source in pages.SOURCES.values())


# A copy of staff/checks.py goes into other projects, so it has its numbers itself.
VALUE = {name: fact.value for name, fact in FACTS.items()}
SAID_BY_CHECKS = {
    "request-timeout": f"{VALUE['request-timeout']} seconds",
    "the same as a limit": f"EMAIL_TIMEOUT >= {VALUE['request-timeout']}",
    "address-suffix": f"{{{VALUE['address-suffix']}}}",
    "address-suffix-began": f"since {VALUE['address-suffix-began']:%B %Y}",
    "buildpack-version": f"{VALUE['buildpack-version']} of {VALUE['buildpack-date']}",
    "buildpack-date": f"{VALUE['buildpack-date']:%B %Y}",
    "storages-replaced": f"since version {VALUE['storages-replaced']}",
    "ssl-port": f"port {VALUE['ssl-port']}",
    "email-port": f"port {substitutions()['email-port']}",
}


@pytest.mark.parametrize("name", SAID_BY_CHECKS)
def test_the_system_checks_say_what_the_facts_say(name):
    source = (ROOT / "example" / "staff" / "checks.py").read_text()
    joined = re.sub(r'"\s+f?"', "", source)
    assert SAID_BY_CHECKS[name] in joined


# Held by a program ----------------------------------------------------------------


def cli(file):
    return (heroku_cli.HEROKU / "dist" / file).read_text()


@pytest.mark.parametrize("size", ["Standard-1X", "Standard-2X", "Performance-M"])
def test_a_dyno_costs_what_the_cli_says(size):
    (price,) = re.findall(rf"'{size}': (\d+)", cli("commands/ps/type.js"))
    assert FACTS[f"{size.lower()}-price"].value == int(price)


def test_eco_and_basic_cost_what_the_cli_says():
    source = cli("commands/ps/type.js")
    assert f"${FACTS['eco-price'].value} (flat monthly fee" in source
    assert FACTS["basic-price"].value == int(re.search(r"Basic: (\d+)", source)[1])


def test_the_port_of_heroku_local_is_the_cli_s():
    assert str(FACTS["local-port"].value) in cli("lib/local/run-foreman.cjs")


@pytest.mark.parametrize("name", pages.SOURCES)
def test_an_address_of_heroku_local_has_its_port(name):
    ports = set(re.findall(r"http://localhost:(\d+)", pages.SOURCES[name]))
    assert ports <= {str(FACTS["local-port"].value)}


def test_the_port_of_gunicorn_is_gunicorn_s():
    assert Config().settings["bind"].default == [
        f"127.0.0.1:{FACTS['gunicorn-port'].value}"
    ]


def test_the_port_of_runserver_is_django_s():
    assert str(FACTS["runserver-port"].value) == RunServer.default_port
