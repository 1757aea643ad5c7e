"""The rehearsal's terminal shows what a reader's terminal shows."""

import os
import time

import pytest

from rehearsal.reader.terminal import Stuck, Terminal, matches
from rehearsal.script import Answer, Command
from tests.support.waiting import PATIENCE


def command(text, output="", answers=()):
    return Command("page", 1, text, output, tuple(answers))


@pytest.fixture
def terminal(tmp_path):
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color"}
    terminal = Terminal(tmp_path, environment, timeout=PATIENCE, password="secret")
    yield terminal
    terminal.close()


@pytest.mark.parametrize(
    "text, shown",
    [
        ("echo out; echo err >&2", "out\nerr"),
        ("printf '\\033[31mred\\033[0m\\n'", "red"),
        ("printf 'wait\\rdone\\n'", "done"),
        ("echo one \\\n    two", "one two"),
        ("true", ""),
        (f"echo {'x' * 200}", "x" * 200),
    ],
)
def test_the_screen_is_what_a_person_sees(terminal, text, shown):
    assert terminal.run(command(text)) == (shown, 0)


@pytest.mark.parametrize(
    "text, status",
    [
        ("true", 0),
        ("sh -c 'exit 3'", 3),
        ("false | cat", 1),
        ("true && false", 1),
        ("no-such-program", 127),
    ],
)
def test_a_command_has_its_exit_status(terminal, text, status):
    assert terminal.run(command(text))[1] == status
    assert terminal.run(command("true"))[1] == 0


def test_the_shell_keeps_its_state(terminal, tmp_path):
    (tmp_path / "folder").mkdir()
    terminal.run(command("cd folder; export NAME=value"))
    shown, _ = terminal.run(command("pwd; echo $NAME"))
    assert shown == f"{tmp_path}/folder\nvalue"


def test_answers_are_typed_and_echoed(terminal):
    asking = "python3 -c \"print('Hello', input('Name: '))\""
    shown, _ = terminal.run(command(asking, answers=[Answer("Name:", "Ada")]))
    assert shown == "Name: Ada\nHello Ada"


def test_a_password_is_typed_and_not_echoed(terminal):
    asking = "python3 -c \"import getpass; print(len(getpass.getpass('Password:')))\""
    shown, _ = terminal.run(command(asking, answers=[Answer("Password:", None)]))
    assert shown == f"Password:\n{len(terminal.password)}"


def test_a_command_that_does_not_end_is_stuck(terminal):
    terminal.bash.timeout = 5
    with pytest.raises(Stuck, match="one"):
        terminal.run(command("echo one; sleep 100"))


def test_a_second_terminal_stands_in_the_same_place(terminal, tmp_path):
    (tmp_path / "folder").mkdir()
    terminal.run(command("cd folder; export NAME=value"))
    other = terminal.second()
    shown, _ = other.run(command("pwd; echo $NAME"))
    assert shown == f"{tmp_path}/folder\nvalue"
    other.close()


def test_a_command_that_keeps_running_is_watched_and_ended(terminal):
    running = command("echo $$; echo ready; sleep 100", output="...\nready")
    assert terminal.watch(running).endswith("ready")
    terminal.close()
    assert not terminal.bash.isalive()


def test_output_that_comes_together_with_the_echo_is_seen(terminal, monkeypatch):
    readline = terminal.bash.readline

    def late():
        time.sleep(0.5)
        return readline()

    monkeypatch.setattr(terminal.bash, "readline", late)
    running = command("echo ready; sleep 100", output="ready")
    assert terminal.watch(running) == "ready"


@pytest.mark.parametrize(
    "wanted, got, same",
    [
        ("a...c", "abc", True),
        ("a\n...\nc", "a\nb\nb\nc", True),
        ("a\n...\nc", "a\nc", False),
        ("a", "b", False),
        ("", "a", False),
        ("", "", True),
        ("...", "a", True),
        ("...", "", False),
        ("a  b", "a b", False),
    ],
)
def test_three_dots_mean_what_they_mean_to_doctest(wanted, got, same):
    assert matches(wanted, got) == same
