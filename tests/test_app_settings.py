"""The settings come from the environment, and a fault in it stops the start."""

import ast
import json
import os
import runpy
import shutil
import subprocess
import sys

import pytest
from environs.exceptions import EnvError

from rehearsal.script import DOCTREES, Command, read_pages
from tests.conftest import ROOT
from tests.support.environment import PRODUCTION

EXAMPLE = ROOT / "example"
POSTGRES = "postgres://user:password@localhost:5432/name"


def variables():
    """Return name and whether it has a default of each variable settings.py reads."""
    tree = ast.parse((EXAMPLE / "staff" / "settings.py").read_text())
    return {
        call.args[0].value: any(each.arg == "default" for each in call.keywords)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and ast.unparse(call.func).startswith("env.")
        and isinstance(call.args[0], ast.Constant)
    }


REQUIRED = sorted(name for name, optional in variables().items() if not optional)


@pytest.fixture
def settings_with(monkeypatch, tmp_path):
    """Run settings.py with production's variables, changed; None removes one.

    A copy runs, so that a contributor's own .env cannot supply what is missing.
    """

    def run(**changes):
        (tmp_path / "staff").mkdir(exist_ok=True)
        shutil.copy(EXAMPLE / "staff" / "settings.py", tmp_path / "staff")
        for name, value in (PRODUCTION | {"DATABASE_URL": POSTGRES} | changes).items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        return runpy.run_path(str(tmp_path / "staff" / "settings.py"))

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


def test_a_thread_never_waits_for_a_connection():
    server = runpy.run_path(str(EXAMPLE / "gunicorn.conf.py"))
    assert server["threads"] == int(values_of_env_example()["DATABASE_POOL_SIZE"])


def test_the_server_outlives_no_platform_deadline():
    server = runpy.run_path(str(EXAMPLE / "gunicorn.conf.py"))
    assert server["keepalive"] > 90
    assert server["graceful_timeout"] < 30


def test_check_deploy_is_silent_under_production_variables():
    """Not in this process, where the tests' e-mail backend is in place."""
    check = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "INFO"]
    url = {"DATABASE_URL": POSTGRES}
    done = subprocess.run(
        check, cwd=EXAMPLE, env=os.environ | url, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues" in done.stdout


def test_the_button_sets_what_the_deploy_page_sets(site):
    """app.json is for Heroku's deploy button and review apps."""
    button = json.loads((EXAMPLE / "app.json").read_text())["env"]
    [command] = [
        step
        for page in read_pages(DOCTREES)
        for step in page.steps
        if isinstance(step, Command) and step.text.startswith("heroku config:set")
    ]
    assert set(button) == set(REQUIRED) - {"DATABASE_URL"}
    shown = dict(
        word.split("=", 1)
        for word in command.text.replace("\\\n", " ").split()
        if word.split("=")[0] in button
    )
    assert set(shown) == set(button)
    for name, entry in button.items():
        assert entry.get("generator") == "secret" or entry["value"] == shown[name]


def values_of_env_example():
    lines = (EXAMPLE / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)
