"""Is a command line one that the pinned Heroku CLI takes?

The CLI's own manifest lists its commands, flags and arguments; nothing is run.
https://oclif.io/docs/plugin_loading/#manifests
"""

import json
import re
import shlex
from functools import cache

from tests.conftest import ROOT

HEROKU = ROOT / "rehearsal" / "node_modules" / "heroku"

# The CLI finds these by itself: the app in the git remote of the folder.
FOUND = {"app"}


class Refused(Exception):
    """The CLI would refuse the line, or do something else than it says."""


@cache
def manifest() -> dict[str, dict]:
    """Return the commands of the CLI and its core plugins by name and alias.

    Raises FileNotFoundError if the CLI is not installed.
    """
    home = HEROKU.resolve()
    plugins = json.loads((home / "package.json").read_text())["oclif"]["plugins"]
    commands = {}
    for folder in (home, *(home.parent / plugin for plugin in plugins)):
        listed = json.loads((folder / "oclif.manifest.json").read_text())["commands"]
        for name, command in listed.items():
            for alias in (name, *command["aliases"], *command["hiddenAliases"]):
                commands.setdefault(alias, command)
    return commands


def split(text: str) -> list[list[str]]:
    """Return the words of each command of a shell command, variables left out.

    Such as [["cd", "app"], ["heroku", "ps"], ["sort"]] for
    `cd app && heroku ps | sort`.
    """
    lexer = shlex.shlex(text.replace("\\\n", " "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    found = [[]]
    redirected = False
    for word in lexer:
        if re.fullmatch(r"[&|;<>]+", word):
            redirected = word in ("<", ">", ">>")
            found += [] if redirected else [[]]
        elif redirected:
            redirected = False
        elif found[-1] or not re.match(r"\w+=", word):
            found[-1].append(word)
    return [words for words in found if words]


def lines(text: str) -> list[list[str]]:
    """Return the words of each `heroku` command of a shell command."""
    return [words for words in split(text) if words[0] == "heroku"]


def check(words: list[str], complete: bool = True) -> None:
    """Raise Refused unless the CLI takes the words of a command as they are meant.

    `complete` is False where prose names a command and leaves out its arguments.
    """
    _, name, *rest = words
    if name in ("--help", "--version"):
        return
    if name not in manifest():
        raise Refused(f"there is no command {name}")
    command = manifest()[name]
    flags, arguments = parse(command, rest, complete)
    if f"{command['id']}:{arguments[0] if arguments else ''}" in manifest():
        raise Refused(f"{name} {arguments[0]} is not {name}:{arguments[0]}")
    if command["id"] == "help":
        check(["heroku", *arguments], complete=False)
    expected = command["args"].values()
    if command.get("strict", True) and len(arguments) > len(expected):
        raise Refused(f"{name} takes {len(expected)} arguments, not {arguments}")
    if complete:
        required = [each["name"] for each in expected if each.get("required")]
        if len(arguments) < len(required):
            raise Refused(f"{name} wants {required[len(arguments) :]}")
        for flag in command["flags"].values():
            if flag.get("required") and flag["name"] not in flags | FOUND:
                raise Refused(f"{name} wants --{flag['name']}")


def parse(
    command: dict, words: list[str], complete: bool
) -> tuple[set[str], list[str]]:
    """Return the names of the flags and the arguments, as oclif divides the words.

    All that follows `--` is an argument.
    """
    flags, arguments = set(), []
    rest = iter(words)
    for word in rest:
        if word == "--":
            arguments.extend(rest)
        elif word.startswith("-"):
            text, equals, value = word.partition("=")
            flag = find_flag(command, text)
            flags.add(flag["name"])
            if flag["type"] == "option" and not equals:
                value = next(rest, None)
                if value is None and complete:
                    raise Refused(f"{text} wants a value")
            if value and value not in flag.get("options", [value]):
                raise Refused(f"{text} is one of {flag['options']}, not {value}")
        else:
            arguments.append(word)
    return flags, arguments


def find_flag(command: dict, text: str) -> dict:
    for name, flag in command["flags"].items():
        known = {f"--{each}" for each in (name, *flag.get("aliases", []))}
        known |= {f"-{flag['char']}"} if flag.get("char") else set()
        known |= {f"--no-{name}"} if flag.get("allowNo") else set()
        if text in known:
            if flag.get("deprecated"):
                raise Refused(f"{text} of {command['id']} is deprecated")
            return flag
    raise Refused(f"{command['id']} has no flag {text}")
