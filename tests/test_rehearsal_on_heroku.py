"""A rehearsal on Heroku itself leaves nothing there, and lists what differs.

Heroku's part has a stand-in that the rehearsal meets as it would meet Heroku: it is
another process, and knows an address, a certificate and a token.
"""

import asyncio
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pexpect
import pytest
from starlette.responses import JSONResponse

from docs._extensions import substitutions
from docs._extensions.substitutions import APP
from rehearsal import __main__ as program
from rehearsal import on_heroku, record
from rehearsal.heroku.model import NAME_LENGTH
from rehearsal.heroku.platform import Platform
from rehearsal.reader.project import STAFF_CALIBRATION
from tests.conftest import ROOT
from tests.support import tiny_guide
from tests.support.pages import PAGES
from tests.support.tiny_app import CLI_REASON, Api, cli_installed
from tests.support.waiting import PATIENCE, until

needs_cli = pytest.mark.skipif(not cli_installed, reason=CLI_REASON)

RUNNER = """\
import pickle, sys
from pathlib import Path
from rehearsal import on_heroku
from tests.support import tiny_guide

folder, *yes = sys.argv[1:]
pages = pickle.loads(Path(folder, "pages").read_bytes())
project = tiny_guide.project(Path(folder) / "example")
sys.exit(on_heroku.rehearse(pages, project, bool(yes), file=Path(folder) / "report"))
"""

INDEX = tiny_guide.INDEX.replace("   prepare\n   deploy\n", "   create\n   after\n")
CREATE = """\
Create
======

.. parsed-literal::

   $ heroku create |app|
   Creating ⬢ |app|... done
   ...
"""
AFTER = """\
After
=====

.. code-block:: console

   $ echo Nothing.
   Nothing.
"""
SHORT = {"index": INDEX, "create": CREATE, "after": AFTER}
MORE = """
.. parsed-literal::

   $ {command}
   {output}
"""


class Foreign(Platform):
    """A stand-in with an app of the reader's, whose answers a test can replace.

    `faults` has a function for a method and the beginning of a path, such as "POST
    /apps": it gets the request and returns an answer, or None for the usual one.
    """

    def __enter__(self):
        self.faults, self.asked = {}, []
        super().__enter__()
        Api(self)("POST", "/apps", {"name": "of-the-reader"})
        return self

    def hosts(self, git):
        site = super().hosts(git)

        async def answer(scope, receive, send):
            asked = f"{scope['method']} {scope['path']}"
            self.asked.append(asked)
            for key, fault in list(self.faults.items()):
                if asked.startswith(key) and (replaced := await fault()):
                    return await replaced(scope, receive, send)
            return await site(scope, receive, send)

        return answer

    def refuse(self, key: str, status: int, error: dict, times: int = 1) -> None:
        """Answer so many requests with an error."""
        left = [JSONResponse(error, status)] * times

        async def answer():
            return left.pop() if left else None

        self.faults[key] = answer

    def hold(self, key: str) -> tuple[threading.Event, threading.Event]:
        """Return what is set when such a request has come, and what lets it go on."""
        come, go = threading.Event(), threading.Event()

        async def answer():
            come.set()
            await asyncio.to_thread(go.wait)

        self.faults[key] = answer
        return come, go


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    with Foreign(tmp_path_factory.mktemp("heroku")) as platform:
        yield platform


@pytest.fixture
def foreign(platform):
    """Yield the platform; the rehearsal must leave it as it was."""
    platform.asked.clear()
    yield platform
    platform.faults.clear()
    assert [*platform.apps] == ["of-the-reader"]
    assert not [each for each in platform.asked if "DELETE /apps/of-the" in each]
    assert platform.failures == []


@pytest.fixture
def temporary():
    """Yield a folder for /tmp, in which nothing may stay."""
    folder = Path(tempfile.mkdtemp(prefix="rehearsal-tests-"))
    folder.chmod(0o755)
    yield folder
    try:
        until(lambda: not [*folder.iterdir()], "nothing stays in the temporary folder")
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def reader(foreign, temporary, tmp_path):
    """Return the variables of a reader who is logged in."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TMPDIR": str(temporary),
        "HEROKU_API_KEY": foreign.token,
        "HTTPS_PROXY": foreign.address.proxy,
        "NODE_EXTRA_CA_CERTS": str(foreign.address.ca),
        "SSL_CERT_FILE": str(foreign.address.ca),
        "GIT_SSL_CAINFO": str(foreign.address.ca),
    }


@pytest.fixture
def start(reader, tmp_path):
    """Start a rehearsal of pages in a process group of its own."""
    started = []

    def start(pages):
        process = subprocess.Popen(
            [*command(tmp_path, pages), "yes"],
            cwd=ROOT,
            env=reader,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def command(folder, pages):
    """Build pages; return the command that rehearses them."""
    (folder / "docs").mkdir()
    script = tiny_guide.build(folder / "docs", pages, {})
    (folder / "pages").write_bytes(pickle.dumps(script))
    return [sys.executable, "-c", RUNNER, str(folder)]


@pytest.fixture
def rehearse(start, tmp_path):
    """Rehearse pages; return the exit status, the screen and the report."""

    def rehearse(pages):
        process = start(pages)
        screen = process.communicate(timeout=2 * PATIENCE)[0]
        report = tmp_path / "report"
        print(screen)
        return process.returncode, screen, report.exists() and report.read_text()

    return rehearse


# The performance ---------------------------------------------------------------


@needs_cli
def test_a_right_guide_is_performed_without_differences(rehearse, foreign):
    status, screen, report = rehearse(tiny_guide.PAGES)
    assert status == 0
    assert "7 commands, 0 differences" in report
    assert "Not typed: heroku login: you are logged in" in report
    assert "1 app, at most 2 dynos of the size basic" in screen
    assert foreign.token not in screen


@needs_cli
def test_what_differs_is_listed_page_by_page_and_without_secrets(rehearse, foreign):
    key_shown = MORE.format(command=f"echo KEY: {'k' * 64}", output="No such word")
    token_shown = MORE.format(command="cat ~/.netrc", output="Nor this")
    right = MORE.format(command="heroku auth:whoami", output="ada@example.com")
    pages = {
        "index": INDEX,
        "create": f"Create\n======\n{key_shown}",
        "after": AFTER + token_shown + right,
    }
    status, screen, report = rehearse(pages)
    assert status == 1
    found = re.findall(r"^(create: Create|after: After|Expected:|Got:)$", report, re.M)
    texts = ["Expected:", "Got:"]
    assert found == ["create: Create", *texts, "after: After", *texts]
    assert "docs/create.rst, the block at line 4:" in report
    assert "    No such word\n" in report
    assert "    KEY: ***\n" in report
    assert "      password ***\n" in report
    assert "$ heroku auth:whoami" in screen
    assert foreign.token not in screen + report


# Bad luck ----------------------------------------------------------------------


@needs_cli
def test_a_refusal_ends_the_performance(rehearse, foreign):
    """https://devcenter.heroku.com/articles/account-verification"""
    message = "Please verify your account to install this add-on plan"
    error = {"id": "verification_required", "message": message}
    order = f"heroku addons:create heroku-postgresql:essential-0 --app {APP}"
    pages = SHORT | {"create": CREATE + MORE.format(command=order, output="...")}
    foreign.refuse("POST /apps/rehearsal-", 402, error)
    status, screen, report = rehearse(pages)
    assert status == 1
    assert message in report
    assert "Not all was performed" in report
    assert "Nothing." not in screen


def is_held(process, number):
    """Say whether a signal waits for a process; if nobody can know, that it does.

    https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
    """
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        return True
    waiting = re.search(r"^ShdPnd:\s*(\w+)", status.read_text(), re.MULTILINE)
    return bool(int(waiting[1], 16) >> (number - 1) & 1)


@needs_cli
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_is_cleaned_up_after(start, foreign, number):
    """Also if it comes while the app is being created, and a second time while it is
    being destroyed."""
    come, go = foreign.hold("POST /apps")
    process = start(SHORT)
    assert come.wait(PATIENCE)
    lists = foreign.asked.count("GET /users/~/apps")
    os.killpg(process.pid, number)
    until(
        lambda: (
            is_held(process, number) or foreign.asked.count("GET /users/~/apps") > lists
        ),
        "the signal has come",
    )
    go.set()
    come, go = foreign.hold("DELETE /apps/rehearsal-")
    assert come.wait(PATIENCE)
    os.killpg(process.pid, number)
    go.set()
    screen = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == 1
    assert f"interrupted: {number.name} came" in screen
    assert "Nothing." not in screen


@needs_cli
def test_a_name_that_is_taken_is_said_and_left_alone(rehearse, foreign):
    error = {"id": "invalid_params", "message": "Name is already taken"}
    foreign.refuse("POST /apps", 422, error)
    status, _, report = rehearse(SHORT)
    assert status == 1
    assert "Name is already taken" in report
    assert not [each for each in foreign.asked if each.startswith("DELETE")]


@needs_cli
def test_destroying_is_tried_again_and_what_is_left_is_said(rehearse, foreign):
    """Of all that the pages make, whoever gave it a name."""
    pipeline = f"heroku pipelines:create {APP} --app {APP} --stage staging"
    orders = ["heroku create --no-remote", pipeline]
    made = "".join(MORE.format(command=each, output="...") for each in orders)
    error = {"id": "internal_server_error", "message": "Internal server error."}
    foreign.refuse("DELETE /apps/", 500, error)
    foreign.refuse("DELETE /pipelines/", 500, error, times=1000)
    status, screen, report = rehearse(SHORT | {"create": CREATE + made})
    assert status == 1
    assert "4 commands, 0 differences" in report
    assert [*foreign.apps] == ["of-the-reader"]
    [left] = Api(foreign)("GET", "/pipelines").json()
    _, said = screen.split("This is left on Heroku")
    assert f"    heroku pipelines:destroy {left['name']}\n" in said
    assert "apps:destroy" not in said


# Before anything is created ----------------------------------------------------


def test_without_a_terminal_nobody_agrees():
    assert not sys.stdin.isatty()
    assert "--yes agrees" in on_heroku.ask()


@needs_cli
def test_a_reader_who_logged_in_can_say_no(foreign, reader, tmp_path):
    token = reader.pop("HEROKU_API_KEY")
    netrc = f"machine api.heroku.com\n  login ada\n  password {token}\n"
    (tmp_path / ".netrc").write_text(netrc)
    program, *arguments = command(tmp_path, SHORT)
    asking = pexpect.spawn(
        program, arguments, cwd=str(ROOT), env=reader, timeout=PATIENCE, encoding="utf8"
    )
    asking.expect("with the CLI's own log-in")
    asking.expect(r"costs at most US\$0.02")
    asking.expect(r"Go on\?")
    asking.sendline("n")
    asking.expect("You said no: nothing was created")
    asking.expect(pexpect.EOF)
    asking.close()
    assert asking.exitstatus == 1
    assert "POST /apps" not in foreign.asked


@needs_cli
def test_a_reader_who_is_not_logged_in_is_told_so(rehearse, reader):
    del reader["HEROKU_API_KEY"]
    status, screen, _ = rehearse(SHORT)
    assert status == 1
    assert "Nobody is logged in to Heroku: type `heroku login`" in screen


def test_the_most_that_the_steps_cost_is_computed_from_the_facts():
    steps = [page for page in PAGES if not page.is_scene]
    found = on_heroku.cost(on_heroku.commands_of(steps, STAFF_CALIBRATION))
    assert (found.apps, found.plans) == (1, ("essential-0",))
    text = str(found)
    # Two Basic dynos of US$7 and a database of US$5, for one hour of 720.
    assert "US$0.03" in text
    assert re.search(r"by the prices of \d+\W\w+ 20\d\d", text)


def test_a_larger_dyno_costs_more():
    scale = next(page for page in PAGES if page.name == "operate/scale")
    found = on_heroku.cost(on_heroku.commands_of([scale], STAFF_CALIBRATION))
    assert found.size == "standard-1x"


def test_the_names_of_all_apps_are_short_enough():
    every = on_heroku.commands_of(PAGES, STAFF_CALIBRATION)
    names = re.findall(rf"{APP}[\w-]*", "\n".join(e.text for e in every))
    mine = {name.replace(APP, "rehearsal-01234567") for name in names}
    assert [name for name in mine if len(name) > NAME_LENGTH] == []


def test_the_pages_say_when_the_steps_were_performed_there(monkeypatch, tmp_path):
    monkeypatch.setattr(record, "RECORD", tmp_path / "rehearsal.json")

    def said():
        return substitutions.last_rehearsal()["rehearsed-on-heroku"]

    assert said() == "not yet, by anybody"
    record.write_on_heroku(3)
    record.write([], {}, {})  # a rehearsal on this machine does not forget it
    assert re.fullmatch(r"20\d\d-\d\d-\d\d, differences from the pages: 3", said())


@pytest.mark.parametrize(
    "options",
    [
        "--on-heroku --keep",
        "--on-heroku --own",
        "--on-heroku --break",
        "--on-heroku --list",
        "--on-heroku --record deploy/push",
        "--yes",
    ],
)
def test_options_that_do_not_go_together_are_refused(monkeypatch, capsys, options):
    monkeypatch.setattr(sys, "argv", ["rehearsal", *options.split()])
    with pytest.raises(SystemExit, match="2"):
        program.read_options()
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize(
    "page, scenes", [("", []), ("operate/scale", ["operate/scale"])]
)
def test_only_the_scene_that_is_asked_for_is_performed(monkeypatch, page, scenes):
    monkeypatch.setattr(sys, "argv", ["rehearsal", "--on-heroku", *[page] * bool(page)])
    pages = program.chosen(PAGES, program.read_options())
    assert [each.name for each in pages if each.is_scene] == scenes
