"""Is a command one that its program takes?

Heroku's CLI has a manifest (heroku_cli.py); every other program is asked for its help,
which names its commands and options. Nothing else is run. A word that is neither has to
be one that the performed commands use, a placeholder in capitals, or a literal that
docs/_extensions/literals.py knows.
"""

import ast
import importlib.util
import re
import shlex
import subprocess
import sys
from functools import cache

from django.core.management import get_commands, load_command_class
from gunicorn.config import Config

from docs._extensions.literals import DJANGO_COMMANDS, resolve
from rehearsal import script
from rehearsal.reader.project import DOWNLOADS
from tests.conftest import ROOT
from tests.support import heroku_cli
from tests.support.heroku_cli import Refused

# Programs that have no help to ask.
WITHOUT_HELP = {
    *("bash", "cd", "cp", "createdb", "curl", "mv", "pg_restore", "pre-commit"),
    *("psql", "sh", "tr"),
}

# What installs programs knows names that are not in this repository, and what runs
# containers is not on this machine (tests/test_site_kubernetes.py reads its commands).
ELSEWHERE = {"apt-get", "brew", "kubectl", "pack", "uv", "xcode-select"}

# In capitals, in digits, or as Heroku counts: APP, YOU@EXAMPLE.COM, 200, v12, b001.
PLACEHOLDER = re.compile(r"[A-Z][A-Z_.@-]*|\d+|[a-z]\d+|")


def check(text: str) -> None:
    """Raise Refused unless each command of a line is one that its program takes."""
    for words in heroku_cli.split(text):
        check_words(words)


def check_words(words: list[str]) -> None:
    if words[0] == "sudo":
        words = words[1:]
    program = re.sub(r"^\.venv/bin/|(?<=python)[\d.]+$", "", words[0])
    rest = words[1:]
    if program == "heroku":
        check_heroku(rest)
    elif ":" in program:
        check_heroku(words)
    elif program in DJANGO_COMMANDS:
        check_django(words)
    elif program in CHECKS:
        CHECKS[program](rest)
    elif program in ELSEWHERE:
        return
    elif program in WITHOUT_HELP:
        check_known([word for word in rest if not word.startswith("-")])
    else:
        raise Refused(f"there is no program {program}")


def check_heroku(words: list[str]) -> None:
    if not words:
        return
    heroku_cli.check(["heroku", *words], complete=False)
    if words[0] in heroku_cli.manifest():
        command = heroku_cli.manifest()[words[0]]
        _, arguments = heroku_cli.parse(command, words[1:], complete=False)
        if command["id"] == "run" and arguments and arguments[0].islower():
            check(shlex.join(arguments) if len(arguments) > 1 else arguments[0])
        else:
            check_known(arguments)


def check_python(words: list[str]) -> None:
    match words:
        case []:
            return
        case ["-m", module, *rest]:
            check_module(module, rest)
        case ["-c", code]:
            check_code(code)
        case [path, *rest] if path.endswith("manage.py"):
            check_django(rest)
        case _:
            check_words_of("python", help_of(sys.executable, "--help"), words)


def check_code(code: str) -> None:
    """Raise Refused unless the modules that the code imports are there."""
    for node in ast.walk(ast.parse(code)):
        for alias in node.names if isinstance(node, ast.Import) else ():
            if not importlib.util.find_spec(alias.name):
                raise Refused(f"there is no module {alias.name}")


def check_django(words: list[str]) -> None:
    if not words:
        return
    name, *rest = words
    if name not in get_commands():
        raise Refused(f"manage.py has no command {name}")
    command = load_command_class(get_commands()[name], name)
    shown = command.create_parser("manage.py", name).format_help()
    check_words_of(f"manage.py {name}", shown, rest)


def check_module(module: str, words: list[str]) -> None:
    """`python -m module`, with a command if the module's help lists commands."""
    if module == "pip" and words and not words[0].startswith("-"):
        shown = help_of(sys.executable, "-m", "pip", words[0], "--help")
        check_words_of(f"pip {words[0]}", shown, words[1:])
    elif not importlib.util.find_spec(module):
        raise Refused(f"there is no module {module}")
    else:
        shown = help_of(sys.executable, "-m", module, "--help")
        check_words_of(f"python -m {module}", shown, words)


def check_git(words: list[str]) -> None:
    if not words or words == ["--version"]:
        return
    shown = help_of("git", words[0], "-h", status=129)
    if "git config list" in shown:  # since 2.46, which shows the options there
        shown += help_of("git", "config", "list", "-h", status=129)
    # `git config` takes names of settings, which no help lists.
    rest = [word for word in words[1:] if word.startswith("-") or words[0] != "config"]
    check_words_of(f"git {words[0]}", shown, rest)


def check_make(words: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: (.+)", makefile, re.MULTILINE)[1].split()
    for word in words:
        name, equals, _ = word.partition("=")
        if equals and not re.search(rf"\$\({name}\)|^{name} ?\?=", makefile, re.M):
            raise Refused(f"the Makefile has no variable {name}")
        if not equals and word not in targets and not PLACEHOLDER.fullmatch(word):
            raise Refused(f"the Makefile has no target {word}")


def check_gunicorn(words: list[str]) -> None:
    check_words_of("gunicorn", Config().parser().format_help(), words)


def check_pip(words: list[str]) -> None:
    check_module("pip", words)


CHECKS = {
    "python": check_python,
    "manage.py": check_django,
    "django-admin": check_django,
    "pip": check_pip,
    "git": check_git,
    "gunicorn": check_gunicorn,
    "make": check_make,
}


@cache
def help_of(*command: str, status: int = 0) -> str:
    """Return the help that a command prints; raises Refused if it has none."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != status:
        raise Refused(f"there is no command {' '.join(command[:-1])}")
    return done.stdout + done.stderr


def check_words_of(command: str, shown: str, words: list[str]) -> None:
    """Raise Refused for an option that the help does not show, or an unknown word."""
    shown = shown.replace("[no-]", "") + shown.replace("[no-]", "no-")
    for word in words:
        option = word.partition("=")[0]
        # Every program takes --version, and Django's help is silent on it.
        if word == "--version":
            continue
        if word.startswith("-") and not re.search(
            rf"(?<![\w-]){re.escape(option)}(?![\w-])", shown
        ):
            raise Refused(f"{command} has no option {option}")
    check_known([word for word in words if not word.startswith("-")])


def check_known(words: list[str]) -> None:
    """Raise Refused for a word that no performed command and no file has."""
    for word in words:
        if resolve(word) or is_download(word) or "://" in word or word in (".", "~"):
            continue
        for part in re.split(r"[:=\s]", word):
            found = part in vocabulary() or resolve(part)
            # A path may hold a placeholder, as /mnt/c/Users/YOU does.
            if not (found or any(map(is_placeholder, filter(None, part.split("/"))))):
                raise Refused(f"{part} occurs in no performed command and in no file")


def is_download(word: str) -> bool:
    """Say whether a word is a zip that the site offers, or the folder in it."""
    return (DOWNLOADS / f"{word.removesuffix('.zip')}.zip").exists()


def is_placeholder(word: str) -> bool:
    return PLACEHOLDER.fullmatch(word) is not None


@cache
def vocabulary() -> set[str]:
    """Return the words of the commands that the rehearsal performs, and the short names
    of the pages, which it takes itself."""
    pages = script.read_pages(script.DOCTREES)
    return {page.name.rpartition("/")[2] for page in pages} | {
        part
        for page in pages
        for step in page.steps
        if isinstance(step, script.Command)
        for part in re.split(r"[:=\s\"]", step.text)
    }
