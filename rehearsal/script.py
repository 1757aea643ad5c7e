"""What the pages say: their listings and commands, in the order of the guide.

Read from Sphinx's doctrees (build/doctrees), so from the pages as they are built:
substitutions and includes are in place, and nothing else here parses
reStructuredText. https://www.sphinx-doc.org/en/master/extdev/envapi.html
"""

import fnmatch
import pickle
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from docutils import nodes

from docs._extensions.literals import NOT_PERFORMED, PRINTED

DOCTREES = Path(__file__).parent.parent / "build" / "doctrees"

PROMPT = "$ "

# Folders of pages that each begin with the app as the steps have deployed it.
SCENES = ("operate/", "troubleshooting/")

# Classes of a block, each true of every command in it.
NOT_REHEARSED = "not-rehearsed"
KEEPS_RUNNING = "keeps-running"
FAILS = "fails"
OPENS_BROWSER = "opens-browser"
SHOWS_ERROR = "shows-error"
TAKES_DOWN = "takes-down"
EXAMPLE_ONLY = "example-only"
CLASSES = {
    *(NOT_REHEARSED, KEEPS_RUNNING, FAILS, OPENS_BROWSER, SHOWS_ERROR, TAKES_DOWN),
    EXAMPLE_ONLY,
}

# Under this title is what a reader does who brings another project.
OWN_SECTION = "In your own project"
# A field above the title of a page that takes too long for every change.
WEEKLY = "weekly"

# With this section of a failure's page its way out begins.
FIX_SECTION = "Fix"


class Whose(StrEnum):
    """Whose a block of a page is: both projects', or one's alone."""

    BOTH = "both"
    EXAMPLE = "example"
    OWN = "own"


# Commands that no rehearsal performs, with the reason; a * stands for what varies. A
# page cannot excuse another.
INSTALLED = "the rehearsal has installed the CLI from its lock file"
ANOTHER = "a rehearsal does not start another one"
GUIDE = "the rehearsal is in the guide that this fetches"
MACHINE = "the machine that rehearses has what this installs"
WSL = "the rehearsal does not run on Windows"
EXCUSED = {
    "brew install git python@*": MACHINE,
    "xcode-select --install": MACHINE,
    "sudo apt-get update": MACHINE,
    "sudo apt-get install *": MACHINE,
    "curl -LsSf https://astral.sh/uv/install.sh | sh": MACHINE,
    "uv python install *": MACHINE,
    "cd /mnt/c/Users/YOU/Downloads": WSL,
    "cp staff-calibration-guide.zip ~": WSL,
    "cd ~": WSL,
    "python manage.py check --deploy --tag heroku": "the page that gets the app "
    "performs it",
    "python3 -m zipfile -e staff-calibration-guide.zip .": GUIDE,
    "git clone * staff-calibration-guide": GUIDE,
    "cd staff-calibration-guide": GUIDE,
    "make html": ANOTHER,
    "make rehearse": ANOTHER,
    ".venv/bin/python -m rehearsal --keep": ANOTHER,
    ".venv/bin/python -m rehearsal --break app-crashed": ANOTHER,
    ".venv/bin/python -m rehearsal --list": ANOTHER,
    "python -m pip list --outdated": "it asks the package index, and changes daily",
    "pack build *": "the machine that rehearses has no Docker",
    "kubectl *": "there is no Kubernetes cluster next to a rehearsal",
    "heroku authorizations:create *": "the account of a rehearsal has no use for it",
    "brew install heroku/brew/heroku": INSTALLED,
    "curl https://cli-assets.heroku.com/install-ubuntu.sh | sh": INSTALLED,
}
POWERSHELL_PROMPT = "PS> "
POWERSHELL = "PowerShell is not on the machine that rehearses"

# What :kbd: names instead of spelling it out. Such a key leaves no trace on screen.
KEYS = {"Enter": ""}

# A page shows the prompt for a password and nothing behind it, as a terminal does.
PASSWORD_PROMPT = re.compile(r"^(Password(?: \(again\))?:)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Answer:
    """What the reader types (None: a password) when `prompt` ends the output."""

    prompt: str
    typed: str | None


@dataclass(frozen=True)
class Command:
    """A command as the shell gets it, and the output that the page shows for it.

    `output` is a pattern of doctest's ELLIPSIS; `line` counts from 1 in the page's
    source. It ends with status 0 unless it `fails`, or `keeps_running`.
    """

    page: str
    line: int
    text: str
    output: str
    answers: tuple[Answer, ...]
    whose: Whose = Whose.BOTH
    keeps_running: bool = False
    fails: bool = False
    opens_browser: bool = False
    shows_error: bool = False
    takes_down: bool = False


@dataclass(frozen=True)
class Listing:
    """A piece of a file; `path` is the caption, the file in the reader's project."""

    page: str
    line: int
    path: str
    text: str
    whose: Whose = Whose.BOTH


@dataclass(frozen=True)
class Diff:
    """A change of a file, which no listing can say; `path` is the caption.

    Each line of `text` begins with " ", "-" or "+", as `git diff` writes them.
    """

    page: str
    line: int
    path: str
    text: str
    whose: Whose = Whose.BOTH

    @property
    def before(self) -> list[str]:
        """The lines that the file has."""
        return self.without("+")

    @property
    def after(self) -> list[str]:
        """The lines that take their place."""
        return self.without("-")

    def without(self, sign: str) -> list[str]:
        return [each[1:] for each in self.text.splitlines() if each[0] != sign]


@dataclass(frozen=True)
class Excused:
    """A command that is not performed, and why; `prompt` says in which shell."""

    page: str
    line: int
    prompt: str
    text: str
    reason: str


@dataclass(frozen=True)
class Printed:
    """A text that prose says a program prints, as one `performed` here does or not."""

    page: str
    line: int
    text: str
    performed: bool
    whose: Whose


@dataclass(frozen=True)
class Page:
    """A page of the guide; `steps` holds its blocks in page order.

    A scene is a play of its own, which begins with the app that the steps deployed.
    That of a failure has `mistakes`, how many of its steps come before its *Fix*. One
    that is `weekly` is performed each week, and not with every change.
    """

    name: str
    title: str
    steps: tuple[Command | Listing | Diff, ...]
    excused: tuple[Excused, ...]
    printed: tuple[Printed, ...] = ()
    mistakes: int = 0
    weekly: bool = False

    @property
    def is_scene(self) -> bool:
        return self.name.startswith(SCENES)


def read_pages(doctrees: Path, excuses: dict[str, str] = EXCUSED) -> list[Page]:
    """Return the pages in toctree order.

    `excuses` has a reason for each command that no rehearsal performs. Raises
    FileNotFoundError if the guide is not built, and ValueError for a block that does
    not begin with a command, a class that is none of CLASSES, a diff that is none, a
    command that is excused without a reason, and a reason that no page needs.
    """
    environment = pickle.loads((doctrees / "environment.pickle").read_bytes())
    pages = [
        replace(
            read_page(name, read_doctree(doctrees, name), excuses),
            weekly=WEEKLY in environment.metadata[name],
        )
        for name in toctree_order(environment.toctree_includes, "index")
    ]
    texts = [command.text for page in pages for command in page.excused]
    if unused := [each for each in excuses if not fnmatch.filter(texts, each)]:
        raise ValueError(f"no page excuses {', '.join(sorted(unused))}")
    return pages


def read_doctree(doctrees: Path, name: str) -> nodes.document:
    """Return the doctree of a page; raises FileNotFoundError as read_pages does."""
    return pickle.loads((doctrees / f"{name}.doctree").read_bytes())


def toctree_order(includes: dict[str, list[str]], name: str) -> list[str]:
    """Return `name` and the pages below it, as the sidebar lists them."""
    return [
        name,
        *(
            page
            for child in includes.get(name, [])
            for page in toctree_order(includes, child)
        ),
    ]


def read_page(name: str, doctree: nodes.document, excuses: dict[str, str]) -> Page:
    """Return one page from its doctree; raises ValueError as read_pages does."""
    steps, excused, mistakes = [], [], 0
    for block in doctree.findall(nodes.literal_block):
        whose = whose_block(name, block)
        path = caption(block)
        if in_section(block, FIX_SECTION) and not mistakes:
            mistakes = len(steps)
        if block.get("language") == "diff":
            steps.append(read_diff(name, block, path, whose))
        elif path:
            steps.append(Listing(name, line(block), path, block.astext(), whose))
        elif block.astext().startswith(POWERSHELL_PROMPT):
            for each in split(block.astext(), POWERSHELL_PROMPT):
                text = each.strip()
                excused.append(
                    Excused(name, line(block), POWERSHELL_PROMPT, text, POWERSHELL)
                )
        elif NOT_REHEARSED in block["classes"]:
            excused.extend(read_excused(name, block, excuses))
        elif is_session(block):
            steps.extend(read_session(name, block, whose))
    title = next(doctree.findall(nodes.title)).astext()
    printed = [
        Printed(
            name,
            line(literal),
            literal.astext(),
            literal["kind"] == PRINTED,
            Whose.OWN if in_own_section(literal) else Whose.EXAMPLE,
        )
        for literal in doctree.findall(nodes.literal)
        if literal.get("kind") in (PRINTED, NOT_PERFORMED)
    ]
    return Page(name, title, tuple(steps), tuple(excused), tuple(printed), mistakes)


def whose_block(page: str, block: nodes.literal_block) -> Whose:
    """Return whose a block is; raises ValueError as read_pages does."""
    where = f"docs/{page}.rst, the block at line {line(block)}"
    if unknown := set(block["classes"]) - CLASSES:
        raise ValueError(
            f"{where}: there is no class {', '.join(sorted(unknown))}; write one of "
            f"{', '.join(sorted(CLASSES))}"
        )
    own, example = in_own_section(block), EXAMPLE_ONLY in block["classes"]
    if own and example:
        raise ValueError(
            f"{where}: under {OWN_SECTION!r} nothing is for the example: move it, or "
            f"delete its class {EXAMPLE_ONLY}"
        )
    return Whose.OWN if own else Whose.EXAMPLE if example else Whose.BOTH


def in_own_section(node: nodes.Node) -> bool:
    return in_section(node, OWN_SECTION)


def in_section(node: nodes.Node, title: str) -> bool:
    """Say whether a node is below a title."""
    while node := node.parent:
        if isinstance(node, nodes.section) and node[0].astext() == title:
            return True
    return False


def read_diff(
    page: str, block: nodes.literal_block, path: str | None, whose: Whose
) -> Diff:
    """Return a diff; raises ValueError unless it has a path and changes something."""
    # The signs of an empty line are lost: nobody types a blank at the end of a line.
    lines = [each or " " for each in block.astext().splitlines()]
    where = f"docs/{page}.rst, the diff at line {line(block)}"
    if not path:
        raise ValueError(f"{where}: give it a :caption:, the path of the file")
    if wrong := [each for each in lines if each[0] not in " +-"]:
        raise ValueError(
            f"{where}: each line begins with a blank, + or -, and not {wrong[0]!r}"
        )
    diff = Diff(page, line(block), path, "\n".join(lines), whose)
    if diff.before == diff.after:
        raise ValueError(f"{where}: no line begins with + or -, so it changes nothing")
    if not diff.before:
        raise ValueError(f"{where}: show a line next to which the new ones belong")
    return diff


def is_session(block: nodes.literal_block) -> bool:
    """Say whether a block shows a terminal: every console block, and a parsed-literal
    with a prompt in it."""
    return block.get("language") == "console" or (
        "language" not in block and PROMPT in block.astext()
    )


def caption(block: nodes.literal_block) -> str | None:
    """Return the caption that Sphinx puts in a container around a listing."""
    if isinstance(block.parent, nodes.container) and block.parent.get("literal_block"):
        return block.parent[0].astext()
    return None


def line(node: nodes.Node) -> int:
    """Return the line of the page's source; Sphinx gives some nodes none."""
    while node.line is None and node.parent is not None:
        node = node.parent
    return node.line or 0


def read_excused(
    page: str, block: nodes.literal_block, excuses: dict[str, str]
) -> list[Excused]:
    """Return the commands of a block that is not performed."""
    excused = []
    for command in read_session(page, block):
        reason = next(
            (excuses[e] for e in excuses if fnmatch.fnmatchcase(command.text, e)), ""
        )
        if not reason:
            raise ValueError(
                f"docs/{page}.rst, the block at line {command.line}:\n"
                f"    $ {command.text}\nEXCUSED of rehearsal/script.py has no reason "
                "not to perform it"
            )
        excused.append(Excused(page, command.line, PROMPT, command.text, reason))
    return excused


def split(text: str, prompt: str) -> list[str]:
    """Return what follows each prompt at the beginning of a line."""
    return re.split(rf"^{re.escape(prompt)}", text, flags=re.MULTILINE)[1:]


def read_session(
    page: str, block: nodes.literal_block, whose: Whose = Whose.BOTH
) -> list[Command]:
    """Return the commands of a console block or a parsed-literal.

    A line that begins with the prompt is a command, which goes on while lines end
    with a backslash; what follows, up to the next prompt, is its output.
    """
    text, typed = flatten(block)
    if not text.startswith(PROMPT):
        raise ValueError(
            f"docs/{page}.rst, the block at line {line(block)}: it begins without the "
            f"prompt {PROMPT!r}"
        )
    commands = []
    for part in split(text, PROMPT):
        lines = part.splitlines()
        last = next(i for i, each in enumerate(lines) if not each.endswith("\\"))
        output = "\n".join(lines[last + 1 :]).strip("\n")
        commands.append(
            Command(
                page=page,
                line=line(block),
                text="\n".join(lines[: last + 1]),
                output=shown(output, typed),
                answers=answers(output, typed),
                whose=whose,
                keeps_running=KEEPS_RUNNING in block["classes"],
                fails=FAILS in block["classes"],
                opens_browser=OPENS_BROWSER in block["classes"],
                shows_error=SHOWS_ERROR in block["classes"],
                takes_down=TAKES_DOWN in block["classes"],
            )
        )
    return commands


def flatten(block: nodes.literal_block) -> tuple[str, list[str]]:
    """Return the block's text, each :kbd: replaced by a NUL, and what they held."""
    text, typed = "", []
    for leaf in block.findall(nodes.Text):
        if "kbd" in leaf.parent.get("classes", ()):
            text += "\0"
            typed.append(leaf.astext())
        else:
            text += leaf.astext()
    return text, typed


def shown(output: str, typed: list[str]) -> str:
    """Return the output with what the terminal echoes of the typed answers."""
    for answer in typed:
        output = output.replace("\0", KEYS.get(answer, answer), 1)
    return "\n".join(line.rstrip() for line in output.splitlines())


def answers(output: str, typed: list[str]) -> tuple[Answer, ...]:
    """Return the answers to the prompts in an output, in their order."""
    found, rest = [], iter(typed)
    for each in output.splitlines():
        if "\0" in each:
            answer = next(rest)
            # What a page's three dots stand for nobody knows before it is there.
            prompt = each.split("\0")[0].rpartition("...")[2].strip()
            found.append(Answer(prompt, KEYS.get(answer, answer)))
        elif password := PASSWORD_PROMPT.match(each):
            found.append(Answer(password.group(1), None))
    return tuple(found)
