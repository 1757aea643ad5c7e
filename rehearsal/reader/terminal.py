"""A terminal in which commands are typed, and what its screen shows afterwards.

One bash runs in a pseudo-terminal, as the reader's does, so that `cd` and `activate`
last; pyte is the screen: colours go, spinners overwrite themselves.
https://pexpect.readthedocs.io/en/stable/api/pexpect.html
https://pyte.readthedocs.io/en/latest/
"""

import doctest
import shlex
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import pyte

from rehearsal.script import Command

# Wide enough that no line wraps, and high enough that none scrolls away.
COLUMNS, LINES = 250, 4000

# bash prints it before each command, with the last command's exit status.
MARK = "<<rehearsal:$?>>"
MARKED = r"<<rehearsal:(\d+)>>"
PROMPTS = {"PS1": MARK, "PS2": "", "VIRTUAL_ENV_DISABLE_PROMPT": "1"}
# A pipeline fails if any of its commands does.
BASH = ["--noprofile", "--norc", "--noediting", "-o", "pipefail"]

# A page's `...` is doctest's: any text, and one line or more when alone on a line.
CHECKER = doctest.OutputChecker()


class Stuck(Exception):
    """A command asks something that the page does not answer, or does not end."""


class Terminal:
    """A bash in `folder` with no other environment than the given one.

    `timeout` (s) is for one command; `password` is typed where one is asked for.
    """

    def __init__(
        self, folder: Path, environment: dict[str, str], timeout: float, password: str
    ):
        self.folder = folder
        self.environment = environment
        self.timeout = timeout
        self.password = password
        self.bash = pexpect.spawn(
            "bash",
            BASH,
            cwd=str(folder),
            env=environment | PROMPTS,
            dimensions=(LINES, COLUMNS),
            timeout=timeout,
        )
        self.bash.expect(MARKED)

    def run(self, command: Command) -> tuple[str, int]:
        """Type a command and its answers.

        Return what the screen then shows and the exit status. Raises Stuck.
        """
        self.type(command)
        output = b""
        try:
            for answer in command.answers:
                prompt = answer.prompt
                output += self.read_until(lambda shown, prompt=prompt: prompt in shown)
                typed = self.password if answer.typed is None else answer.typed
                self.bash.sendline(typed)
            self.bash.expect(MARKED)
        except (pexpect.TIMEOUT, pexpect.EOF) as error:
            seen = on_screen(output + (self.bash.before or b""))
            raise Stuck(f"not finished after {self.timeout} s:\n{seen}") from error
        return on_screen(output + self.bash.before), int(self.bash.match[1])

    def watch(self, command: Command) -> str:
        """Type a command that keeps running; return the screen once it shows what the
        page shows. Raises Stuck if it never does."""
        self.type(command)
        try:
            output = self.read_until(lambda shown: matches(command.output, shown))
        except (pexpect.TIMEOUT, pexpect.EOF) as error:
            raise Stuck(difference(command.output, str(error))) from error
        return on_screen(output)

    def read_until(self, done: Callable[[str], bool]) -> bytes:
        """Read until what the screen shows of it is `done`, colours left out.

        Raises pexpect.TIMEOUT with what was shown, pexpect.EOF if the shell ends.
        """
        output, end = b"", time.monotonic() + self.timeout
        while not done(on_screen(output)):
            if time.monotonic() > end:
                raise pexpect.TIMEOUT(on_screen(output))
            try:
                # Unlike read_nonblocking, with what came together with the last match.
                self.bash.expect(b".+", timeout=1)
            except pexpect.TIMEOUT:
                continue
            output += self.bash.after
        return output

    def type(self, command: Command) -> None:
        """Have bash read the command from a file, so that its echo is one line."""
        step = self.folder / ".step"
        step.write_text(command.text + "\n")
        self.bash.sendline(f". {shlex.quote(str(step))}")
        self.bash.readline()

    def ask(self, text: str) -> str:
        """Return what bash prints for a line that is not in the guide."""
        self.bash.sendline(text)
        self.bash.readline()
        self.bash.expect(MARKED)
        return on_screen(self.bash.before)

    def second(self) -> "Terminal":
        """Return another terminal in the same place, with the same environment."""
        environment = self.variables()
        other = Terminal(self.folder, environment, self.timeout, self.password)
        other.ask(f"cd {shlex.quote(environment['PWD'])}")
        return other

    def variables(self) -> dict[str, str]:
        """Return the environment of what is typed next; PWD is where it is typed."""
        # Through a file: on the screen a long PATH would wrap.
        file = self.folder / ".environment"
        self.ask(f"env -0 > {shlex.quote(str(file))}")
        return dict(each.split("=", 1) for each in file.read_text().split("\0") if each)

    def close(self) -> None:
        """End what runs in the terminal, as Ctrl-C does, and then the shell."""
        if self.bash.isalive():
            self.bash.sendintr()
            self.bash.expect([MARKED, pexpect.TIMEOUT, pexpect.EOF], timeout=10)
        self.bash.close(force=True)


def on_screen(output: bytes) -> str:
    """Return the text that a terminal shows for an output, without trailing blanks."""
    screen = pyte.Screen(COLUMNS, LINES)
    pyte.ByteStream(screen).feed(output)
    # Screen.display would walk every cell; the buffer holds those written to.
    rows = [screen.buffer[y] for y in range(max(screen.buffer, default=-1) + 1)]
    return "\n".join(
        "".join(row[x].data for x in range(max(row, default=-1) + 1)).rstrip()
        for row in rows
    ).strip("\n")


def matches(wanted: str, got: str) -> bool:
    """Say whether an output is the one that the page shows.

    Where the page shows `...` alone, doctest would be content with nothing at all.
    """
    if not got:
        return not wanted
    return CHECKER.check_output(wanted + "\n", got + "\n", doctest.ELLIPSIS)


def difference(wanted: str, got: str) -> str:
    """Return both outputs, one below the other, for a person to compare."""
    example = doctest.Example("", wanted + "\n")
    return CHECKER.output_difference(example, got + "\n", doctest.ELLIPSIS)
