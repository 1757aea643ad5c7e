"""Where the guide is performed: one temporary folder, the stand-in, a terminal.

Nothing outside the folder is touched: it holds the reader's HOME, the project, the
stand-in's state and the database.
"""

import os
import re
import secrets
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from docs._extensions.facts import FACTS
from rehearsal.heroku.buildpack import find_python
from rehearsal.heroku.builds import pip_environment
from rehearsal.heroku.platform import Platform
from rehearsal.postgres import SUPERUSER
from rehearsal.reader.machine import Machine
from rehearsal.reader.project import (
    EXAMPLE,
    STAFF_CALIBRATION,
    Project,
    apply,
    apply_diff,
    differences,
)
from rehearsal.reader.terminal import Stuck, Terminal, difference, matches
from rehearsal.script import Command, Diff, Listing, Page
from rehearsal.wheels import download_wheels
from tools.ports import free_port

TIMEOUT = 600  # seconds for one command; a push takes 15 on an idle machine
BROWSER = 120  # seconds until the browser shows a page
LOG_LINES = 30

# In the reader's home: what thousands of files are in, and what changes them.
PACKAGES = "home/*/.venv/lib/python*/site-packages"
INSTALLS = re.compile(r"\b(pip install|uv)\b|\.venv")

# Beside those of the example
ADDED = Path(__file__).parent / "requirements.txt"

# git asks everybody once who they are; the reader has answered long ago.
GIT_CONFIG = "[user]\n\tname = Ada Lovelace\n\temail = ada@example.com\n"


# Each line at once, also into a pipe or a file: what went wrong comes last.
say = partial(print, flush=True)


class Stopped(Exception):
    """What happened is not what the page says; the message names page and command."""


class Stage:
    """A reader's machine with the stand-in beside it, until the `with` block ends.

    The reader's home holds what the reader's `project` starts with.
    `python` is the Python of the reader's environment and of the build: the one that
    .python-version names if this machine has it, else the one that runs this, and then
    `substitute` has what the pages show of the one and what the other prints.
    `transcript` has each command performed, with what the terminal then showed, and
    `seconds` how long each page took, by its name.
    With an `original`, a frozen stage, this one begins where that one is.
    """

    def __init__(
        self,
        project: Project = STAFF_CALIBRATION,
        report: Callable[[str], None] = say,
        original: "Stage | None" = None,
    ):
        self.project = project
        self.report = report
        self.original = original
        # What is typed where the pages ask for a password.
        self.password = original.password if original else secrets.token_urlsafe(12)
        self.transcript: list[tuple[Command, str]] = []
        self.seconds: dict[str, float] = {}
        self.variables: dict[str, str] = {}  # of the reader's shell, once frozen

    def __enter__(self) -> "Stage":
        with ExitStack() as stack:
            self.folder = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="rehearsal-"))
            )
            self.folder.chmod(0o755)  # the database may run as another user
            self.choose_python()
            self.platform = stack.enter_context(self.make_platform())
            # Also when this process is killed.
            self.platform.cleaner.remove(self.folder)
            self.machine = Machine(
                self.folder / "machine",
                self.platform.address,
                self.original and self.original.machine.cache,
            )
            terminal = self.copy_home() if self.original else self.make_home()
            self.terminals = [terminal]
            stack.callback(self.close_terminals)
            self.stack = stack.pop_all()
        return self

    def make_platform(self) -> Platform:
        """Return what plays Heroku's part."""
        original = self.original and self.original.platform
        return Platform(self.folder, wheels=self.wheels, original=original)

    def choose_python(self) -> None:
        """Find the Python of the project, and its wheels; raises Stopped without."""
        if self.original:
            self.python, self.wheels = self.original.python, self.original.wheels
            self.substitute = self.original.substitute
            return
        series = self.series()
        found = find_python(series)
        self.python = found or Path(sys.executable)
        self.substitute = {}
        if not found:
            missing = f"Python {series} is not on this machine"
            self.report(f"{missing}: {self.python} takes its part")
            running = "{}.{}".format(*sys.version_info)
            self.substitute = {f"Python {series}...": f"Python {running}..."}
        try:
            self.wheels = download_wheels(
                self.python, EXAMPLE / "requirements.txt", ADDED
            )
        except RuntimeError as error:
            raise Stopped(str(error)) from error

    def series(self) -> str:
        return (self.project.finished / ".python-version").read_text().strip()

    def make_home(self) -> Terminal:
        """Give the reader a home with what the guide begins with; open a terminal."""
        home = self.folder / "home"
        home.mkdir()
        (home / ".gitconfig").write_text(GIT_CONFIG)
        self.project.write_start(home)
        environment = self.machine.environment(home) | {
            "TERM": "xterm-256color",
            **pip_environment(self.wheels),
            **self.local_port(home),
            **self.local_postgresql(),
        }
        if not shutil.which("curl"):
            self.report("curl is not on this machine: a program takes its part")
        # The build's Python, under the name that the guide uses.
        programs = self.folder / "bin"
        programs.mkdir()
        (programs / f"python{self.series()}").symlink_to(self.python)
        environment["PATH"] = f"{programs}:{environment['PATH']}"
        terminal = Terminal(home, environment, TIMEOUT, self.password)
        terminal.ask(f"cd {self.project.opens_in}")
        return terminal

    def copy_home(self) -> Terminal:
        """Copy the reader's home, and open a terminal where the original's is.

        A virtual environment knows where it is: its programs name this copy.
        """
        theirs = self.original
        for name in ("home", "bin"):
            source = theirs.folder / name
            shutil.copytree(
                source,
                self.folder / name,
                symlinks=True,
                ignore=shutil.ignore_patterns("site-packages"),
            )
        for folder in theirs.folder.glob(PACKAGES):
            copy = self.folder / folder.relative_to(theirs.folder)
            copy.symlink_to(folder)
        old, new = str(theirs.folder), str(self.folder)
        for file in self.folder.glob("home/*/.venv/bin/*"):
            if not file.is_symlink() and old in (text := file.read_text()):
                file.write_text(text.replace(old, new))
        home = self.folder / "home"
        environment = {
            name: value.replace(old, new) for name, value in theirs.variables.items()
        }
        environment |= self.machine.git() | self.local_port(home)
        environment |= self.local_postgresql()
        terminal = Terminal(home, environment, TIMEOUT, self.password)
        terminal.ask(f"cd {shlex.quote(environment['PWD'])}")
        return terminal

    def have_own_packages(self) -> None:
        """Put links to the files of the installed packages where a link to all is."""
        for link in self.folder.glob(PACKAGES):
            if link.is_symlink():
                theirs = link.resolve()
                link.unlink()
                shutil.copytree(theirs, link, copy_function=os.link)

    def which(self, program: str) -> str | None:
        """Return where the reader's shell finds a program."""
        variables = self.variables or self.terminals[0].variables()
        return shutil.which(program, path=variables["PATH"])

    def interrupt(self) -> None:
        """End what is typed in another thread; that raises Stopped there."""
        for terminal in self.terminals:
            terminal.bash.terminate(force=True)

    def freeze(self) -> None:
        """Stop all that runs; copies can then begin where this stage is."""
        self.variables = self.terminals[0].variables()
        self.close_terminals()
        self.platform.freeze()

    def __exit__(self, *exception) -> None:
        self.stack.close()

    def local_port(self, home: Path) -> dict[str, str]:
        """Return what keeps `heroku local` on loopback, at a port that nobody has.

        There curl finds what the pages say is at the port of `heroku local`.
        https://curl.se/docs/manpage.html#--connect-to
        """
        port = free_port()
        shown = FACTS["local-port"].value
        (home / ".curlrc").write_text(f"connect-to = localhost:{shown}::{port}\n")
        return {"PORT": str(port), "GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{port}"}

    def local_postgresql(self) -> dict[str, str]:
        """Return what leads libpq to the reader's own server, here the stand-in's.

        https://www.postgresql.org/docs/current/libpq-envars.html
        """
        server = self.platform.postgres
        return {
            "PGHOST": "localhost",
            "PGPORT": str(server.port),
            "PGUSER": SUPERUSER,
            "PGPASSWORD": server.password,
        }

    def close_terminals(self) -> None:
        while self.terminals:
            self.terminals.pop().close()

    def perform(self, pages: Iterable[Page]) -> None:
        """Perform pages in their order; raises Stopped at the first difference."""
        for page in pages:
            self.report(f"\n{page.name}: {page.title}")
            begun = time.monotonic()
            for step in filter(self.project.has, page.steps):
                match self.project.with_own_names(step):
                    case Command() as command:
                        self.play(command)
                    case Diff() as diff:
                        self.change(diff)
                    case Listing() as listing:
                        self.apply(listing)
            self.seconds[page.name] = time.monotonic() - begun
            while len(self.terminals) > 1:
                self.terminals.pop().close()

    def change(self, diff: Diff) -> None:
        """Change a file as a diff says; raises Stopped if the file is another."""
        try:
            apply_diff(self.folder_of_project(), diff)
        except ValueError as error:
            raise Stopped(
                f"docs/{diff.page}.rst, the diff at line {diff.line}:\n{error}"
            ) from error
        self.report(f"         {diff.path}, a diff")

    def apply(self, listing: Listing) -> None:
        apply(self.folder_of_project(), listing.path, listing.text)
        self.report(f"         {listing.path}, a listing")

    def folder_of_project(self) -> Path:
        return Path(self.terminals[0].ask("pwd"))

    def play(self, command: Command) -> None:
        """Perform a command; raises Stopped unless all is as its page says."""
        opened, begun = len(self.machine.opened), time.monotonic()
        try:
            got = self.type(command)
        except Stuck as stuck:
            raise Stopped(self.told(command, str(stuck))) from stuck
        first = command.text.splitlines()[0]
        self.report(f"{time.monotonic() - begun:6.1f} s $ {first}")
        self.transcript.append((command, got))
        wanted = command.output
        for shown, printed in self.substitute.items():
            wanted = wanted.replace(shown, printed)
        if not matches(wanted, got):
            self.differ(command, difference(wanted, got))
        if command.opens_browser or command.shows_error:
            self.look(command, opened)
        if self.unanswered():
            raise Stopped(self.told(command, "It asked for what is unknown here."))

    def differ(self, command: Command, what: str) -> None:
        """Raise Stopped for what a command shows and its page does not."""
        raise Stopped(self.told(command, what))

    def type(self, command: Command) -> str:
        """Type a command and return what the terminal shows.

        Raises Stopped if its exit status is not what the page says, and Stuck.
        """
        if INSTALLS.search(command.text):
            self.have_own_packages()
        if command.keeps_running:
            terminal = self.terminals[0].second()
            self.terminals.append(terminal)
            return terminal.watch(command)
        got, status = self.terminals[0].run(command)
        if command.fails and status == 0:
            meant = "It ended with status 0, and the page says that it fails:"
            raise Stopped(self.told(command, f"{meant}\n{got}"))
        if status and not command.fails:
            raise Stopped(self.told(command, f"It ended with status {status}:\n{got}"))
        return got

    def look(self, command: Command, before: int) -> None:
        """Differ unless the browser, which had shown `before` pages, is soon shown one
        more, an error or none as the page says.

        The CLI returns before the browser has loaded anything.
        """
        end = time.monotonic() + BROWSER
        while len(self.machine.opened) == before:
            if time.monotonic() > end:
                self.differ(command, "The browser shows nothing.")
                return
            time.sleep(0.1)
        page = self.machine.opened[-1]
        # A redirect is all that is left of a page that redirects to itself for ever.
        failed = page.status >= 300
        if failed != command.shows_error or not (failed or page.body):
            wanted = "an error" if command.shows_error else "a page without an error"
            what = f"The browser should show {wanted}, and it shows {page}"
            self.differ(command, what)

    def told(self, command: Command, what: str) -> str:
        """Return a message with page, command and what the stand-in has to say."""
        apps = self.platform.apps.values()
        log = [each for app in apps for each in app.log.text()]
        notes = {
            "The stand-in could not answer": self.unanswered(),
            "The stand-in's log ends with": log[-LOG_LINES:],
        }
        return "\n".join(
            [
                f"docs/{command.page}.rst, the block at line {command.line}:",
                f"    $ {command.text}",
                what,
                *(
                    "\n    ".join([title, *lines])
                    for title, lines in notes.items()
                    if lines
                ),
            ]
        )

    def check_project(self) -> None:
        """Raise Stopped unless the reader's files now equal the finished ones."""
        if different := differences(self.folder_of_project(), self.project):
            raise Stopped(
                "the listings of the pages do not add up to "
                f"{self.project.finished.name}/:\n{different}"
            )

    def unanswered(self) -> list[str]:
        """Return what the stand-in was asked and could not answer."""
        platform = self.platform
        return [*platform.unknown, *platform.refused, *platform.failures]


def check_printed(pages: Iterable[Page], stages: list[Stage]) -> None:
    """Raise Stopped unless what prose says that a program prints was printed.

    What is said to be printed elsewhere must not be: it is as good as performed. Some
    of the pages may be left to another time: what they show counts as printed there.
    """
    now = {name for stage in stages for name in stage.seconds}
    screens = "\n".join(screen for stage in stages for _, screen in stage.transcript)
    another_time = "\n".join(
        step.output
        for page in pages
        for step in page.steps
        if isinstance(step, Command) and page.name not in now
    )
    printed = [each for page in pages if page.name in now for each in page.printed]
    for each in filter(stages[0].project.has, printed):
        word = rf"(?<!\w){re.escape(each.text)}(?!\w)"
        seen = re.search(word, screens)
        left = each.performed and re.search(word, another_time)
        if bool(seen) != each.performed and not left:
            raise Stopped(
                f"docs/{each.page}.rst, line {each.line}: {each.text!r} was "
                f"printed by {'a' if seen else 'no'} command: "
                "see :printed: in docs/_extensions/literals.py"
            )
