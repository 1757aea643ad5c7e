"""The settings come from the environment, and a fault in it stops the start."""

import os
import shutil
import subprocess
import sys

import pytest
from environs.exceptions import EnvError

from tests.support.config_vars import (
    BUTTON,
    EXAMPLE,
    OPTIONAL,
    OWN_MACHINE,
    PRODUCTION,
    SET_BY_HEROKU,
    VARIABLES,
    copy_settings,
    run_settings,
)

POSTGRES = PRODUCTION["DATABASE_URL"]
CONSOLE = OWN_MACHINE["EMAIL_BACKEND"]
REQUIRED = sorted(VARIABLES.keys() - OPTIONAL)


@pytest.fixture
def settings_with(tmp_path):
    """Run settings.py with production's variables, changed; None removes one."""

    def run(**changes):
        changed = {**PRODUCTION, **changes}
        environment = {name: v for name, v in changed.items() if v is not None}
        return run_settings(environment, copy_settings(tmp_path))

    return run


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_variable_stops_the_start_with_its_name(settings_with, name):
    with pytest.raises(EnvError, match=f'"{name}" not set'):
        settings_with(**{name: None})


@pytest.mark.parametrize("name", REQUIRED)
def test_an_empty_variable_stops_the_start_with_its_name(settings_with, name):
    with pytest.raises(EnvError, match=f'"{name}" invalid'):
        settings_with(**{name: ""})


@pytest.mark.parametrize(
    "url", ["nonsense", "foo://host/name", "postgres://host:port/name", "localhost"]
)
def test_a_malformed_database_url_stops_the_start(settings_with, url):
    with pytest.raises(EnvError, match='"DATABASE_URL" invalid'):
        settings_with(DATABASE_URL=url)


@pytest.mark.parametrize("size", ["0", "-1", "many", "1.5"])
def test_a_pool_size_that_is_no_number_of_connections_stops_the_start(
    settings_with, size
):
    with pytest.raises(EnvError, match='"DATABASE_POOL_SIZE" invalid'):
        settings_with(DATABASE_POOL_SIZE=size)


@pytest.mark.parametrize("value", [None, "false", "0", "off", "no"])
def test_debug_is_off_unless_asked_for(settings_with, value):
    assert settings_with(DEBUG=value)["DEBUG"] is False


@pytest.mark.parametrize("value", ["true", "1", "on", "yes"])
def test_debug_is_on_when_asked_for(settings_with, value):
    assert settings_with(DEBUG=value)["DEBUG"] is True


def test_a_debug_that_is_neither_stops_the_start(settings_with):
    with pytest.raises(EnvError, match='"DEBUG" invalid'):
        settings_with(DEBUG="perhaps")


def test_postgresql_is_reached_over_tls_through_a_bounded_pool(settings_with):
    options = settings_with(DATABASE_POOL_SIZE="3")["DATABASES"]["default"]["OPTIONS"]
    assert options["sslmode"] == "require"
    assert options["pool"]["max_size"] == 3


def test_the_database_url_has_the_last_word_on_tls(settings_with):
    found = settings_with(DATABASE_URL=f"{POSTGRES}?sslmode=disable")["DATABASES"]
    assert found["default"]["OPTIONS"]["sslmode"] == "disable"


def test_sqlite_needs_neither_tls_nor_pool(settings_with):
    found = settings_with(DATABASE_URL="sqlite:///db.sqlite3")["DATABASES"]["default"]
    assert "OPTIONS" not in found


def test_check_deploy_is_silent_under_production_variables(tmp_path):
    """Not in this process, where the tests' e-mail backend is in place.

    In a copy, because git would push the example as a folder of this repository.
    """
    own = shutil.ignore_patterns(".env", "db.sqlite3")
    check = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "INFO"]
    done = subprocess.run(
        check,
        cwd=shutil.copytree(EXAMPLE, tmp_path / "example", ignore=own),
        env=os.environ | PRODUCTION,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues" in done.stdout


def test_the_variables_of_the_own_machine_start_the_app(tmp_path):
    assert run_settings(OWN_MACHINE, copy_settings(tmp_path))["DEBUG"] is True
    assert OWN_MACHINE.keys() == BUTTON["env"].keys() | SET_BY_HEROKU | {"DEBUG"}, (
        "example/.env.example and example/app.json must name the same variables"
    )


def first_deployment():
    """Return the variables that the button and the database give an app."""
    values = {
        name: entry.get("value", "a generated secret")
        for name, entry in BUTTON["env"].items()
    }
    return values | {"DATABASE_URL": POSTGRES}


def test_the_button_starts_the_app(tmp_path):
    assert run_settings(first_deployment(), copy_settings(tmp_path))["DEBUG"] is False


@pytest.mark.parametrize("name", BUTTON["env"])
def test_the_button_sets_no_variable_that_is_not_needed(tmp_path, name):
    less = first_deployment()
    del less[name]
    with pytest.raises(EnvError, match=f'"{name}" not set'):
        run_settings(less, copy_settings(tmp_path))


def test_who_prints_messages_is_not_asked_for_an_account(settings_with):
    account = ["EMAIL_HOST", "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD"]
    found = settings_with(EMAIL_BACKEND=CONSOLE, **dict.fromkeys(account))
    assert not found.keys() & set(account)


@pytest.mark.parametrize(
    "name, value, read",
    [
        ("SECRET_KEY_FALLBACKS", "one,two", ["one", "two"]),
        ("SECURE_HSTS_SECONDS", "3600", 3600),
    ],
)
def test_an_optional_variable_is_read(tmp_path, name, value, read):
    settings = run_settings({**PRODUCTION, name: value}, copy_settings(tmp_path))
    assert settings[name] == read
