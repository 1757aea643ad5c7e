"""The commands of the pages: well-formed, and known to the pinned Heroku CLI."""

import pytest

from tests.support import heroku_cli
from tests.support.pages import commands, excused

HEROKU_LINES = [
    pytest.param(words, id=f"{block.page}-{' '.join(words)[:70]}")
    for block in (*commands(), *excused())
    if not getattr(block, "fails", False)  # it may be what the CLI does not take
    for words in heroku_cli.lines(block.text)
]


@pytest.fixture(autouse=True, scope="module")
def installed_cli():
    """Demand the pinned CLI, of which the manifest is read."""
    if not heroku_cli.HEROKU.exists():
        pytest.fail("the Heroku CLI is missing: run `make test`", pytrace=False)


@pytest.mark.parametrize(
    "command", commands(), ids=lambda each: f"{each.page}-{each.text.splitlines()[0]}"
)
def test_command_is_well_formed(command):
    assert command.text.strip() == command.text != ""


@pytest.mark.parametrize("words", HEROKU_LINES)
def test_heroku_command_is_valid(words):
    heroku_cli.check(words)


@pytest.mark.parametrize(
    "line",
    [
        "heroku --version",
        "heroku help config:set",
        "heroku create my-app",
        "heroku config:set A=1 B=2",
        "cd app && heroku logs --num=20 -t | sort",
        "heroku run -x -- python manage.py check --deploy",
        'heroku run -x "python manage.py check --deploy"',
        "heroku run python manage.py createsuperuser",
        "heroku pg:backups:schedule DATABASE_URL --at '02:00 Australia/Perth'",
    ],
)
def test_the_cli_takes(line):
    (words,) = heroku_cli.lines(line)
    heroku_cli.check(words)


@pytest.mark.parametrize(
    "line, reason",
    [
        ("heroku pg:backups schedule --at 2", "pg:backups schedule is not"),
        ("heroku ps scale web=1", "ps scale is not"),
        ("heroku config set A=1", "config set is not"),
        ("heroku auth whoami", "no command auth"),
        ("heroku pg:maintenance", "no command pg:maintenance"),
        ("heroku logs --lines 20", "no flag --lines"),
        ("heroku logs --force-colors", "deprecated"),
        ("heroku run python manage.py check --deploy", "no flag --deploy"),
        ("heroku pg:backups:schedule DATABASE_URL", "wants --at"),
        ("heroku apps:rename", "wants"),
        ("heroku apps:create one two", "takes 1 arguments"),
        ("heroku logs --num", "wants a value"),
        ("heroku pg:psql --channel-binding no", "is one of"),
        ("true && heroku deploy", "no command deploy"),
        ("heroku help config:sett", "no command config:sett"),
    ],
)
def test_the_cli_refuses(line, reason):
    (words,) = heroku_cli.lines(line)
    with pytest.raises(heroku_cli.Refused, match=reason):
        heroku_cli.check(words)
