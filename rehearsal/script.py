"""What the pages say: their listings and commands, in the order of the guide.

Read from Sphinx's doctrees (build/doctrees), so from the pages as they are built:
substitutions and includes are in place, and nothing else here parses
reStructuredText. https://www.sphinx-doc.org/en/master/extdev/envapi.html
"""

import pickle
import re
from dataclasses import dataclass
from pathlib import Path

from docutils import nodes

DOCTREES = Path(__file__).parent.parent / "build" / "doctrees"

PROMPT = "$ "
EXCUSED = "not-rehearsed"
KEEPS_RUNNING = "keeps-running"

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
    source.
    """

    page: str
    line: int
    text: str
    output: str
    answers: tuple[Answer, ...]
    keeps_running: bool


@dataclass(frozen=True)
class Listing:
    """A piece of a file; `path` is the caption, the file in the reader's project."""

    page: str
    line: int
    path: str
    text: str


@dataclass(frozen=True)
class Excused:
    """A block that is not performed, with the comment above it that says why."""

    page: str
    line: int
    text: str
    reason: str
    language: str


@dataclass(frozen=True)
class Page:
    """A page of the guide; `steps` holds its listings and commands in page order."""

    name: str
    title: str
    steps: tuple[Command | Listing, ...]
    excused: tuple[Excused, ...]


def read_pages(doctrees: Path) -> list[Page]:
    """Return the pages in toctree order.

    Raises FileNotFoundError if the guide is not built, and ValueError for a block
    that has no reason to be excused or does not begin with a command.
    """
    environment = pickle.loads((doctrees / "environment.pickle").read_bytes())
    return [
        read_page(name, read_doctree(doctrees, name))
        for name in toctree_order(environment.toctree_includes, "index")
    ]


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


def read_page(name: str, doctree: nodes.document) -> Page:
    """Return one page from its doctree; raises ValueError as read_pages does."""
    steps, excused = [], []
    for block in doctree.findall(nodes.literal_block):
        if EXCUSED in block["classes"]:
            excused.append(read_excused(name, block))
        elif path := caption(block):
            steps.append(Listing(name, line(block), path, block.astext()))
        elif is_session(block):
            steps.extend(read_session(name, block))
    title = next(doctree.findall(nodes.title)).astext()
    return Page(name, title, tuple(steps), tuple(excused))


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


def read_excused(page: str, block: nodes.literal_block) -> Excused:
    above = block.parent[block.parent.index(block) - 1]
    if not isinstance(above, nodes.comment):
        raise ValueError(f"{page}:{line(block)}: no comment says why this is excused")
    return Excused(
        page,
        line(block),
        block.astext(),
        above.astext(),
        block.get("language", "parsed-literal"),
    )


def read_session(page: str, block: nodes.literal_block) -> list[Command]:
    """Return the commands of a console block or a parsed-literal.

    A line that begins with the prompt is a command, which goes on while lines end
    with a backslash; what follows, up to the next prompt, is its output.
    """
    text, typed = flatten(block)
    if not text.startswith(PROMPT):
        raise ValueError(f"{page}:{line(block)}: the block begins without {PROMPT!r}")
    commands = []
    for part in re.split(rf"^{re.escape(PROMPT)}", text, flags=re.MULTILINE)[1:]:
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
                keeps_running=KEEPS_RUNNING in block["classes"],
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
            found.append(Answer(each.split("\0")[0].strip(), KEYS.get(answer, answer)))
        elif password := PASSWORD_PROMPT.match(each):
            found.append(Answer(password.group(1), None))
    return tuple(found)
