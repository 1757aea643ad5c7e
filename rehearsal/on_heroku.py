"""Perform the guide on Heroku itself, and list where Heroku differs from its pages.

What the pages make there has a name of its own, and is destroyed at the end, however
that comes. Heroku is reached as whatever runs on this machine reaches it, with the
reader's own log-in: HEROKU_API_KEY, else the one that the CLI has.
"""

import json
import math
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from docs._extensions.facts import FACTS, show_date
from docs._extensions.substitutions import APP
from rehearsal import record
from rehearsal.cleaner import Cleaner
from rehearsal.postgres import Server
from rehearsal.reader.machine import CLI, CLI_SETTINGS, network_variables, node
from rehearsal.reader.project import Project
from rehearsal.script import Command, Page
from rehearsal.stage import Stage, Stopped, say
from tools.tracked import ROOT

REPORT = ROOT / "build" / "on-heroku.txt"

LIMIT = 1  # hours until the performance is ended, so that its cost has an end
HOURS_OF_A_MONTH = 720  # as the CLI counts where it shows the price of an hour
PATIENCE = 120  # seconds for an answer to what is no command of a page
PAUSES = (0, 3)  # seconds before each attempt to destroy what was made

# The reader's log-in is there before the first page, and is to stay.
SKIPPED = ("heroku login", "heroku logout")
CREATES = re.compile(r"\bheroku (apps:create|create|pipelines:create)\b")
CREATED = re.compile(r"^Creating (?:⬢ )?(\S+)\.\.\. done(?:, ⬢ (\S+))?$", re.MULTILINE)
SIZE_PRICES = {
    name.removesuffix("-price"): fact
    for name, fact in FACTS.items()
    if fact.unit == "US$" and name.replace("-price", "-memory") in FACTS
}

# How the CLI removes what it lists.
REMOVE = {
    "apps": "apps:destroy --app {0} --confirm {0}",
    "pipelines": "pipelines:destroy {0}",
}

# What nobody else may read, and what no page can know.
SECRET = re.compile(r"(?<=://)[^\s:/@]+:[^\s@]+(?=@)|\b[A-Za-z0-9][\w-]{47,}")
READER = "ada@example.com"  # as the pages call whoever reads them


# The account -------------------------------------------------------------------


class Account:
    """The reader's account, as the CLI shows it, and what of it this run has made.

    `home` is a folder for what the CLI writes down, `kinds` are those of REMOVE that
    are to be made. `before` has the names of what was there before, by kind: that is
    never touched. Raises RuntimeError if nobody is logged in.
    """

    def __init__(self, home: Path, kinds: list[str]):
        self.home = home
        self.token, self.source = stored_token(home)
        self.email = self.ask("auth:whoami").strip()
        self.before = {kind: self.names(kind) for kind in kinds}
        self.name = f"rehearsal-{secrets.token_hex(4)}"
        while self.is_taken():
            self.name = f"rehearsal-{secrets.token_hex(4)}"
        self.made: set[str] = set()

    def is_taken(self) -> bool:
        every = set().union(*self.before.values())
        return any(name.startswith(self.name) for name in every)

    def ask(self, *words: str) -> str:
        """Return what the CLI prints; raises RuntimeError with what it says instead."""
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "HEROKU_API_KEY": self.token,
            **CLI_SETTINGS,
            **network_variables(),
        }
        try:
            return run_cli(words, variables)
        except RuntimeError as error:
            raise RuntimeError(self.hide(str(error))) from None

    def names(self, kind: str) -> set[str]:
        """Return the names of what there is; raises ValueError for no JSON, too."""
        return {each["name"] for each in json.loads(self.ask(kind, "--json"))}

    def note(self, screen: str) -> None:
        """Remember what a command has created, by what it printed."""
        self.made |= {given or named for named, given in CREATED.findall(screen)}

    def hide(self, text: str) -> str:
        """Return a text without secrets, and with the reader's address of the pages."""
        text = text.replace(self.token, "***").replace(self.email, READER)
        return SECRET.sub("***", text)

    def netrc(self) -> str:
        """Return the log-in as the CLI keeps it: https://everything.curl.dev/usingcurl/netrc"""
        return "".join(
            f"machine {host}\n  login {self.email}\n  password {self.token}\n"
            for host in ("api.heroku.com", "git.heroku.com")
        )

    def left(self) -> list[str]:
        """Return the commands that remove what this run has made and is still there.

        If the CLI cannot list it, of all that may be there.
        """
        orders = []
        for kind in self.before:
            try:
                names = self.names(kind)
            except (RuntimeError, ValueError) as error:
                tell(f"Heroku does not say which {kind} there are: {error}")
                names = self.made | {self.name} if kind == "apps" else {self.name}
            mine = {n for n in names if n.startswith(self.name) or n in self.made}
            mine -= self.before[kind]
            orders += [REMOVE[kind].format(each) for each in sorted(mine)]
        return orders

    def clean_up(self) -> list[str]:
        """Destroy what this run has made; return the commands for what is left."""
        for pause in PAUSES:
            if not (orders := self.left()):
                return []
            time.sleep(pause)
            for order in orders:
                tell(f"       $ heroku {order}")
                try:
                    self.ask(*order.split())
                except RuntimeError as error:
                    tell(str(error))
        return self.left()


def tell(text: str) -> None:
    """Print a text; a terminal that has gone must not end the clean-up."""
    with suppress(OSError):
        say(text)


def stored_token(home: Path) -> tuple[str, str]:
    """Return the token of the reader's log-in, and where it was found.

    Raises RuntimeError without one.
    """
    if token := os.environ.get("HEROKU_API_KEY"):
        return token, "HEROKU_API_KEY"
    # Nearly every command of the CLI writes into the global git configuration.
    mine = {"GIT_CONFIG_GLOBAL": str(home / "gitconfig")}
    settings = {k: v for k, v in CLI_SETTINGS.items() if k != "HEROKU_NETRC_WRITE"}
    try:
        token = run_cli(["auth:token"], os.environ | settings | mine)
    except RuntimeError as error:
        raise RuntimeError(
            "Nobody is logged in to Heroku: type `heroku login`, or set HEROKU_API_KEY "
            f"to a token of `heroku authorizations:create`.\n{error}"
        ) from None
    return token.strip(), "the CLI's own log-in"


def run_cli(words: Iterable[str], variables: dict[str, str]) -> str:
    """Return what the CLI prints; raises RuntimeError with what it says instead.

    Ctrl-C in the terminal does not reach it.
    """
    try:
        done = subprocess.run(
            [node(), "--no-deprecation", CLI, *words],
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            start_new_session=True,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"heroku {words[0]} did not end in {PATIENCE} s") from None
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or done.stdout.strip())
    return done.stdout


# What it costs -----------------------------------------------------------------


@dataclass(frozen=True)
class Cost:
    """What pages create, and what an hour of it costs at most.

    Beside the web dyno of each app one more runs at times: a release or one-off dyno.
    All are as dear as the dearest that a page names.
    """

    apps: int
    dynos: int
    size: str
    plans: tuple[str, ...]

    @property
    def facts(self) -> list:
        prices = [SIZE_PRICES[self.size]] * self.dynos
        return prices + [FACTS[f"{plan}-price"] for plan in self.plans]

    def __str__(self) -> str:
        month = sum(fact.value for fact in self.facts)
        cents = math.ceil(100 * month * LIMIT / HOURS_OF_A_MONTH)
        prices = [SIZE_PRICES[self.size], *self.facts]
        day = min(fact.source.checked for fact in prices)
        return (
            f"{counted(self.apps, 'app')}, at most {counted(self.dynos, 'dyno')} "
            f"of the size {self.size} at a time, and "
            f"{counted(len(self.plans), 'database')}: "
            f"{', '.join(self.plans) or 'none'}.\n"
            f"An hour of all that costs at most US${cents / 100:.2f}, by the prices of "
            f"{show_date(day)};\nafter {counted(LIMIT, 'hour')} the rehearsal ends, "
            "and it destroys what it made."
        )


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def cost(commands: list[Command]) -> Cost:
    """Return what the commands of a performance cost."""
    wanted = [
        plan
        for each in commands
        if not each.fails
        for plan in re.findall(r"addons:create heroku-postgresql:([\w-]+)", each.text)
    ]
    scaling = "\n".join(each.text for each in commands if "heroku ps:" in each.text)
    named = [size for size in SIZE_PRICES if size in scaling]
    apps = sum(bool(re.search(r"heroku (apps:)?create\b", e.text)) for e in commands)
    more = sum(int(count) for count in re.findall(r"\b[a-z]+=(\d+)\b", scaling))
    size = max(["basic", *named], key=lambda each: SIZE_PRICES[each].value)
    return Cost(apps, 2 * apps + more, size, tuple(wanted))


# The performance ---------------------------------------------------------------


class Beside:
    """What a stage has on this machine while Heroku is its platform: the cleaner of its
    folders and the reader's own PostgreSQL."""

    address = None
    apps: dict = {}
    unknown = refused = failures = ()

    def __init__(self, folder: Path):
        self.folder = folder

    def __enter__(self) -> "Beside":
        with ExitStack() as stack:
            self.cleaner = Cleaner()
            stack.callback(self.cleaner.close)
            self.postgres = stack.enter_context(Server(self.folder))
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *exception) -> None:
        self.stack.close()


class OnHeroku(Stage):
    """A stage whose platform is Heroku itself, and which goes on after a difference.

    `differences` has what was found: the page, and both texts. `skipped` has the
    commands that were not typed. `ended` says why it ended before the last page, or is
    empty.
    """

    def __init__(self, project: Project, account: Account):
        self.account = account
        self.differences: list[tuple[Page, str]] = []
        self.skipped: list[str] = []
        self.ended = ""
        super().__init__(self.named(project))

    def named(self, project: Project) -> Project:
        """Return the project of a reader with a log-in and a name for the app."""

        def write_start(home: Path) -> None:
            project.write_start(home)
            (home / ".netrc").touch(mode=0o600)
            (home / ".netrc").write_text(self.account.netrc())

        names = {re.escape(APP): self.account.name}
        return replace(
            project, write_start=write_start, instead=project.instead | names
        )

    def make_platform(self) -> Beside:
        return Beside(self.folder)

    def perform(self, pages: Iterable[Page]) -> None:
        """Perform pages up to a command on whose success what follows builds."""
        for self.page in pages:
            try:
                super().perform([self.page])
            except Stopped as stopped:
                self.add(str(stopped))
                self.ended = "what follows builds on the last command above"
                return

    def play(self, command: Command) -> None:
        if command.text.startswith(SKIPPED):
            self.report(f" skipped $ {command.text}")
            self.skipped.append(command.text)
        else:
            super().play(command)

    def type(self, command: Command) -> str:
        if not CREATES.search(command.text):
            return self.account.hide(super().type(command))
        with held():
            screen = super().type(command)
            self.account.note(screen)
        return self.account.hide(screen)

    def differ(self, command: Command, what: str) -> None:
        self.add(self.told(command, what))

    def add(self, difference: str) -> None:
        self.report("         differs from the page")
        self.differences.append((self.page, self.account.hide(difference)))

    def findings(self) -> str:
        """Return the report: what was performed, and the differences page by page."""
        lines = [
            f"Performed on Heroku on {time.strftime('%Y-%m-%d')}: "
            f"{counted(len(self.transcript), 'command')}, "
            f"{counted(len(self.differences), 'difference')} from the pages"
        ]
        if self.skipped:
            lines.append(f"Not typed: {', '.join(self.skipped)}: you are logged in")
        before = None
        for page, difference in self.differences:
            if page is not before:
                lines.append(f"\n{page.name}: {page.title}")
            lines.append(f"\n{difference}")
            before = page
        if self.ended:
            lines.append(f"\nNot all was performed: {self.ended}.")
        return "\n".join(lines) + "\n"


# Signals -----------------------------------------------------------------------

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)


def end_once(number: int, _) -> None:
    """Raise KeyboardInterrupt, and let nobody interrupt the clean-up after it."""
    ignore()
    why = {signal.SIGALRM: f"{counted(LIMIT, 'hour')} had passed"}
    raise KeyboardInterrupt(why.get(number, f"{signal.Signals(number).name} came"))


def ignore() -> None:
    for each in ENDING:
        signal.signal(each, signal.SIG_IGN)


@contextmanager
def held() -> Iterator[None]:
    """Let a signal wait until it is known what is being created."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)


# From the question to the report -------------------------------------------------


def rehearse(
    pages: list[Page],
    project: Project,
    yes: bool,
    recording: bool = False,
    file: Path = REPORT,
) -> int | str:
    """Perform pages on Heroku; write the report into a file and print it.

    Asks first, unless `yes`; `recording` records that all were performed. Returns 0, or
    a message if Heroku differs from the pages, not all of them were performed, or
    something is left on Heroku.
    """
    commands = commands_of(pages, project)
    with tempfile.TemporaryDirectory(prefix="rehearsal-account-") as home:
        try:
            account = Account(Path(home), kinds(commands))
        except (RuntimeError, ValueError) as error:
            return str(error)
        say(f"On Heroku, with {account.source}, this creates {account.name}:")
        say(str(cost(commands)))
        if not yes and (refusal := ask()):
            return f"{refusal}: nothing was created"
        stage = OnHeroku(project, account)
        clean = perform(stage, pages)
        found = stage.findings()
        file.parent.mkdir(exist_ok=True)
        file.write_text(found)
        say(f"\n{found}\nThis is in {file}")
    if not clean:
        return "Not all that the rehearsal made is removed: see above"
    if recording and not stage.ended:
        record.write_on_heroku(len(stage.differences))
    if stage.differences:
        return "Heroku differs from the pages"
    return stage.ended or 0


def commands_of(pages: Iterable[Page], project: Project) -> list[Command]:
    """Return the commands that a project performs."""
    steps = [step for page in pages for step in filter(project.has, page.steps)]
    return [step for step in steps if isinstance(step, Command)]


def kinds(commands: list[Command]) -> list[str]:
    """Return what commands create, of REMOVE."""
    pipelines = any("pipelines:create" in each.text for each in commands)
    return [*REMOVE][: 1 + pipelines]


def ask() -> str:
    """Return why nothing may be created, or "" if the reader agrees."""
    if not sys.stdin.isatty():
        return "There is no terminal to ask in: --yes agrees"
    try:
        return "" if input("Go on? [y/N] ").lower() in ("y", "yes") else "You said no"
    except (EOFError, KeyboardInterrupt):
        return "You did not answer"


def perform(stage: OnHeroku, pages: list[Page]) -> bool:
    """Perform pages, destroy what they made, and return whether nothing is left.

    A second Ctrl-C can come anywhere: only the first signal interrupts anything.
    """
    try:
        try:
            for each in ENDING:
                signal.signal(each, end_once)
            signal.alarm(LIMIT * 3600)
            with stage:
                stage.perform(pages)
        except KeyboardInterrupt as interrupt:
            stage.ended = f"interrupted: {interrupt}"
        finally:
            ignore()
    finally:
        tell("\nRemoving what was made …")
        left = stage.account.clean_up()
        if left:
            tell("This is left on Heroku, where it may cost money. Remove it with:")
            tell("".join(f"    heroku {order}\n" for order in left))
    return not left
