"""The rehearsal stops at a fault of a page, and names the page and the line."""

from dataclasses import replace
from textwrap import indent

import pytest

from docs._extensions.substitutions import APP
from rehearsal.__main__ import perform, stay_broken
from rehearsal.script import Whose
from rehearsal.stage import Stage, Stopped
from tests.support import tiny_guide
from tests.support.tiny_app import CLI_REASON, SERVER, cli_installed

pytestmark = pytest.mark.skipif(not cli_installed, reason=CLI_REASON)

LISTS = "$ ls server.py\n   server.py"
PUSHES = "$ git push heroku main\n"
SCENE_PAGES = ["operate/one", "operate/two", "troubleshooting/three"]


@pytest.fixture
def rehearse(tmp_path):
    """Rehearse the tiny guide, after (old, new) replacements in its pages."""

    def play(*faults, excuses=(), scenes=(), whose=Whose.EXAMPLE, **changed_files):
        pages = dict(tiny_guide.PAGES) | dict(scenes)
        pages["index"] += "".join(f"   {name}\n" for name in dict(scenes))
        for old, new in faults:
            assert sum(text.count(old) for text in pages.values()) == 1
            pages = {name: text.replace(old, new) for name, text in pages.items()}
        (tmp_path / "docs").mkdir()
        script = tiny_guide.build(tmp_path / "docs", pages, dict(excuses))
        project = tiny_guide.project(tmp_path / "example", **changed_files)
        with Stage(replace(project, whose=whose), report=lambda _: None) as stage:
            return perform(stage, script, whole=True)

    return play


def test_a_right_guide_is_performed_to_its_end(rehearse):
    rehearse()


@pytest.mark.parametrize(
    "old, new, message",
    [
        (LISTS, "$ ls server.py\n   servers.py", "servers.py"),
        (LISTS, "$ ls server.py\n", "server.py"),
        (LISTS, "$ ls nowhere\n   ...", "status 2"),
        (LISTS, "$ ls nowhere | cat\n   ...", "status 2"),
        (LISTS, "$ true\n   ...", "Expected"),
    ],
    ids=[
        "a wrong word",
        "an output that is not shown",
        "a failing command behind three dots",
        "a failing command in a pipeline",
        "three dots for no output",
    ],
)
def test_a_fault_of_a_command_is_found(rehearse, old, new, message):
    with pytest.raises(Stopped) as stopped:
        rehearse((old, new))
    told = str(stopped.value)
    assert told.startswith("docs/prepare.rst, the block at line 4:\n    $ ")
    assert message in told


def test_a_command_that_should_fail_and_does_not_is_found(rehearse):
    block = ".. code-block:: console\n"
    with pytest.raises(Stopped, match=r"(?s)docs/prepare.rst, .* line 4:.* it fails"):
        rehearse((block, f"{block}   :class: fails\n"))


def test_a_command_that_is_left_out_is_missed_by_the_next(rehearse):
    with pytest.raises(Stopped, match=r"(?s)docs/deploy.rst, .* line 12:.*refspec"):
        rehearse(('   $ git commit --quiet --message "Begin"\n', ""))


@pytest.mark.parametrize("asks", ["heroku drains", "heroku drains || true"])
def test_a_request_that_the_stand_in_does_not_know_is_found(rehearse, asks):
    with pytest.raises(Stopped, match=r"docs/deploy.rst, .* line 12:") as stopped:
        rehearse((PUSHES, f"$ {asks}\n   ...\n   {PUSHES}"))
    told = str(stopped.value)
    assert "The stand-in could not answer\n    GET api.heroku.com" in told


@pytest.mark.parametrize(
    "status, answer",
    [
        (500, "send_response(500)"),
        # To itself, for ever.
        (301, 'send_response(301); self.send_header("Location", self.path)'),
    ],
)
def test_an_error_page_in_the_browser_is_found(rehearse, status, answer):
    server = SERVER.replace("send_response(200)", answer)
    found = rf"(?s)docs/deploy.rst, .* line 24:.*status={status}"
    with pytest.raises(Stopped, match=found):
        rehearse(**{"server.py": server})


@pytest.mark.parametrize(
    "old, message",
    [("Nothing", "NOTES has these lines 0 times"), ("web: py", r"It has no line 'web")],
)
def test_a_diff_of_lines_that_the_file_has_not_is_found(rehearse, old, message):
    diff = (
        f"   Nothing to note.\n\n.. code-block:: diff\n   :caption: NOTES\n\n   -{old}"
    )
    with pytest.raises(Stopped, match=r"(?s)docs/prepare.rst, the diff at line 21:.*"):
        rehearse(("   Nothing to note.\n", f"{diff}\n"))


OWN_SECTION = """
In your own project
-------------------

.. code-block:: console

   $ ls nowhere
"""
OWN = ("   Nothing to note.\n", f"   Nothing to note.\n{OWN_SECTION}")


def test_a_command_for_another_project_is_not_performed_in_the_example(rehearse):
    rehearse(OWN)


def test_a_command_for_another_project_is_performed_there(rehearse):
    with pytest.raises(Stopped, match=r"(?s)docs/prepare.rst, .* line 24:.*status 2"):
        rehearse(OWN, whose=Whose.OWN)


def test_a_command_for_the_example_is_not_performed_elsewhere(rehearse):
    block = ".. code-block:: console\n"
    only = (block, f"{block}   :class: example-only\n")
    with pytest.raises(Stopped, match=r"(?s)docs/deploy.rst, .* line 12:"):
        rehearse(only, whose=Whose.OWN)


def test_a_missing_listing_is_found(rehearse):
    listing = "   :caption: NOTES\n\n   Nothing to note.\n"
    with pytest.raises(Stopped, match=r"(?s)do not add up to example/:.*NOTES"):
        rehearse((listing, "\n   Nothing to note.\n"))


@pytest.mark.parametrize(
    "old, new",
    [
        ("`Verifying deploy`", "`Verifying deployment`"),
        ("`Unable to locate package`", "`crashed`.\n:printed:`Push accepted`"),
    ],
)
def test_a_text_that_prose_says_is_printed_and_is_not_is_found(rehearse, old, new):
    with pytest.raises(Stopped, match=r"docs/deploy.rst, line 30: .* by no command"):
        rehearse((old, new))


def test_a_text_that_is_said_to_be_printed_elsewhere_and_is_here_is_found(rehearse):
    echo = "$ echo Unable to locate package\n   Unable to locate package\n   "
    with pytest.raises(Stopped, match=r"docs/deploy.rst, line 32: .* by a command"):
        rehearse((PUSHES, echo + PUSHES))


@pytest.mark.parametrize(
    "excuses, message",
    [
        ({}, r"(?s)docs/prepare.rst, the block at line 4:.* cp -R .* no reason"),
        (
            {"cp -R guide/example tiny-app && cd tiny-app": "x"},
            r"(?s)ls server.py.*no reason",
        ),
        ({"git push heroku main": "x"}, r"no reason"),
    ],
)
def test_a_command_that_is_excused_without_a_reason_is_found(
    rehearse, excuses, message
):
    block = ".. code-block:: console\n"
    with pytest.raises(ValueError, match=message):
        rehearse((block, f"{block}   :class: not-rehearsed\n"), excuses=excuses)


def test_a_reason_that_no_page_needs_is_found(rehearse):
    with pytest.raises(ValueError, match="no page excuses git push heroku main"):
        rehearse(excuses={"git push heroku main": "x"})


def scene(commands):
    return f"Scene\n=====\n\n.. code-block:: console\n\n{indent(commands, '   ')}\n"


PUSHES_AGAIN = """\
$ cat NOTES
Nothing to note.
$ echo More to note. > NOTES
$ git commit --quiet --all --message "Note"
$ git push --quiet heroku main
...
$ heroku releases
...Current: v4
...
"""


def test_each_scene_begins_with_the_app_as_the_steps_deployed_it(rehearse):
    scenes = {name: scene(PUSHES_AGAIN) for name in SCENE_PAGES}
    rehearse(scenes=scenes)


def test_the_seconds_of_each_page_are_known_and_of_each_scene(rehearse):
    seconds = rehearse(scenes={"operate/one": scene(LISTS.replace("   ", ""))})
    assert seconds["prepare"] > 0
    assert seconds["operate/one"] > 0


def test_what_takes_the_app_down_is_performed_beside_the_scenes(rehearse):
    block = ".. code-block:: console\n   :class: takes-down\n\n"
    down = f"   $ heroku apps:destroy --confirm {APP}\n   ...\n"
    page = f"Down\n====\n\n{block}{down}"
    rehearse(scenes={"down": page, "operate/again": scene(PUSHES_AGAIN)})


def test_every_scene_that_stops_is_named(rehearse):
    scenes = {
        "operate/one": scene("$ heroku ps\nnothing"),
        "operate/two": scene("$ heroku ps\n...\nweb.1: up..."),
        "troubleshooting/three": scene("$ ls nowhere\n..."),
    }
    with pytest.raises(Stopped) as stopped:
        rehearse(scenes=scenes)
    told = str(stopped.value)
    assert "docs/operate/one.rst, the block at line 4" in told
    assert "docs/troubleshooting/three.rst, the block at line 4" in told
    assert "two.rst" not in told


# A symptom that a page promises, and what is said when it does not come.
OPENS = "$ heroku open\nOpening ..."
MISSED = {
    "status": ("fails", "$ ls server.py\nserver.py", "status 0, and the page says"),
    "words": ("", "$ ls server.py\nserver.js", "Expected:\n    server.js\nGot:"),
    "browser": ("shows-error", OPENS, "should show an error, and it shows"),
    "log": (
        "keeps-running",
        "$ heroku logs; exit\n...\n...crashed\n",
        "Expected:\n    ...\n    ...crashed\nGot:",
    ),
}


def symptom(kind, commands):
    option = f"   :class: {kind}\n" if kind else ""
    return scene(commands).replace(":: console\n", f":: console\n{option}")


def test_a_failure_that_is_not_met_is_told_with_what_was_wanted_and_got(rehearse):
    pages = {name: symptom(kind, text) for name, (kind, text, _) in MISSED.items()}
    with pytest.raises(Stopped) as stopped:
        rehearse(scenes={f"troubleshooting/{name}": pages[name] for name in pages})
    told = str(stopped.value).split("\n\ndocs/")
    assert len(told) == len(MISSED)
    for text, (name, (_, commands, message)) in zip(told, MISSED.items(), strict=True):
        place = f"troubleshooting/{name}.rst, the block at line 4:\n"
        assert f"{place}    {commands.splitlines()[0]}\n" in text
        assert message in text


def test_a_failure_that_is_met_only_sometimes_is_told(rehearse):
    sometimes = "$ test -e met || { touch met; ls nowhere; }\n..."
    page = symptom("fails", sometimes)
    again = page.partition("=====\n")[2]
    with pytest.raises(Stopped, match=r"troubleshooting/three.rst, .* line 10:"):
        rehearse(scenes={"troubleshooting/three": page + again})


FAILURE = """\
Failure
=======

.. code-block:: console

   $ heroku config:set BROKEN=1
   ...
   BROKEN: 1


Fix
---

.. code-block:: console

   $ heroku config:unset BROKEN
   ...
"""


def test_a_reader_can_stay_in_a_failure_until_enter(tmp_path, monkeypatch):
    pages = dict(tiny_guide.PAGES) | {"troubleshooting/failure": FAILURE}
    pages["index"] += "   troubleshooting/failure\n"
    (tmp_path / "docs").mkdir()
    script = tiny_guide.build(tmp_path / "docs", pages, {})
    said = []

    class Reader:
        """Sees what has been performed when Enter is asked for."""

        def readline(self):
            said.append("Enter")

    monkeypatch.setattr("sys.stdin", Reader())
    project = tiny_guide.project(tmp_path / "example")
    with Stage(project, report=said.append) as stage:
        stay_broken(stage, script[1:])
    told = "\n".join(said)
    set_it, enter = told.index("config:set BROKEN"), told.index("\nEnter\n")
    assert set_it < told.index("The app is at http://localhost:") < enter
    assert enter < told.index("config:unset BROKEN")
