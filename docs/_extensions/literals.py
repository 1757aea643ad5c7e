"""Every ``literal`` and :file: of a page names something that is there.

A plain ``literal`` is tried against what the repository's files hold; the first of
KINDS that knows it is what it is. What none knows may be shown on the same page, by a
change or a session that is performed. Unknown is a warning, and so an error of the
build.
What only a parser can say (is there such a command, such a name in Django?) is left to
tests/test_site_literals.py, and what only a performance can say to the rehearsal.

Two roles are for what no file holds:

:printed:`crashed`
   a program prints it: the rehearsal looks for it in what its commands printed;
:wrong:`config set`
   it is shown as a mistake or as out of date, so it must resolve to nothing.
"""

import ast
import re
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from docs._extensions.facts import FACTS

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "example"
# Kinds that the rehearsal looks for in what its commands printed.
PRINTED, NOT_PERFORMED = "printed", "printed elsewhere"

FOLDERS = (EXAMPLE, EXAMPLE / "staff", ROOT)
LISTED = (
    *("staff/settings.py", "staff/wsgi.py", "staff/checks.py", "staff/tests.py"),
    *("gunicorn.conf.py", "manage.py"),
)

# A literal that begins with one of these is a command; the tests have its parser.
PROGRAMS = {
    *("apt-get", "cp", "createdb", "curl", "django-admin", "git", "gunicorn"),
    *("heroku", "kubectl", "make", "manage.py", "mv", "pack", "pg_restore", "pip"),
    *("pre-commit", "psql", "python", "tr", "uv"),
}
DJANGO_COMMANDS = {
    *("check", "clearsessions", "collectstatic", "makemigrations", "runserver"),
    "startproject",
}

# What resolves to nothing that is here, with the reason.
OTHERS = "tests/test_rehearsal_own_project.py runs a project with it"
EXCEPTIONS = {
    "$": "a shell's prompt, and what it replaces",
    "&&": "joins two commands, in every shell but Windows PowerShell 5",
    "--": "ends the CLI's own options",
    "+": "begins a line that a diff adds",
    ">": "redirects, in every shell",
    "http://": "a scheme",
    "https://": "a scheme",
    "Set-ExecutionPolicy -Scope CurrentUser RemoteSigned": "a command of PowerShell",
    "activate": "venv writes it for each shell under another name",
    "django-storages": "a package that the example does without",
    "CSRF_TRUSTED_ORIGINS": "a setting that the example does without",
    "ADMINS": "a setting that the example does without",
    "SENTRY_DSN": "a config var of a package that the example does without",
    "AWS_ENDPOINT_URL_S3": "read by Amazon's client, which the example does without",
    "HEAD": "git's name for the branch that somebody is on",
    "HEAD:main": "what `git push` takes",
    "ERROR_PAGE_URL": "a config var that Heroku reads, not the app",
    "3600": "an hour in seconds, as HSTS counts",
    "test": "a job of .github/workflows/deploy.yaml",
    "FORMS_URLFIELD_ASSUME_HTTPS": "a setting that Django itself drops",
    "mysite": "the settings' folder in a project of the reader's",
    "web: uvicorn mysite.asgi:application --host 0.0.0.0 --port $PORT": OTHERS,
    'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")': OTHERS,
    "web: gunicorn --chdir backend --config gunicorn.conf.py mysite.wsgi": OTHERS,
    "release: python backend/manage.py migrate --no-input": OTHERS,
    "my-app-0123456789ab.herokuapp.com": "an address of no app",
    "postgres://user:password@host:5432/name": "an address of no database",
    "sslmode=require": "as libpq writes the setting",
    "?sslmode=disable": "as libpq writes the setting",
    "calibration": "the user of a mail account that nobody has",
    ".netrc": "written by `heroku login`, which prints no name",
    "staticfiles.json": "written by `collectstatic`, which prints no name",
    "latest.dump": "written by `heroku pg:backups:download`, which prints no name",
    '{% static "name" %}': "a tag of Django's templates",
    "heroku/brew/heroku": "Heroku's formula for Homebrew",
    "Procfile.txt": "a name that Heroku does not take",
}

# What is shown by something else than a command of the guide: the file or folder of
# the repository, or of an installed package, that has the text; else the reason.
SHOWN_BY = {
    "Bad Request (400)": "django/views/defaults.py",
    "Server Error (500)": "django/views/defaults.py",
    "CSRF verification failed": "django/views/csrf.py",
    "Application error": "rehearsal/heroku/router.py",
}
ELSEWHERE = {
    "Please verify your account": "said by Heroku without a payment card",
    "Multi-Factor Authentication is required": "said by the CLI, which no log-in asks "
    "for a password alone",
    "ETIMEDOUT": "said by the CLI behind a firewall",
    "ECONNRESET": "said by the CLI behind a firewall",
    "No module named 'fcntl'": "said by Python on Windows",
    "Invalid requirement": "said by pip of a file from an older PowerShell",
    "Compiled slug size … is too large": "said by Heroku of a large app",
    "ERR_TOO_MANY_REDIRECTS": "said by Chrome; the rehearsal's browser counts silently",
    "server does not support SSL, but SSL was required": "said by libpq of a server "
    "without TLS",
    "KeyError: 'SECRET_KEY'": "said by Python of a settings file without environs",
    "IP address mismatch": "said where the browser has another address",
    "heroku update available": "said by the CLI; a rehearsal keeps to its version",
    "HEROKU_API_KEY is set": "said by the CLI to who uses a token",
    "running scripts is disabled on this system": "said by PowerShell",
    "NO TESTS RAN": "said by Django to a project that has none",
    "Unable to locate package": "said by apt-get of what a release does not have",
    "Please tell me who you are": "said by git where nobody has told it",
    "unsupported version": "said by a pg_restore that is too old",
    "FATAL: too many connections for role": "said by PostgreSQL at a plan's limit",
}
# Labels that no template and no form of the example has.
LABELS = {
    "Run as administrator": "in the menu of a program on Windows",
    "Account settings": "a page of Heroku's dashboard",
    "Billing": "a page of Heroku's dashboard",
    "Current Usage": "on a page of Heroku's dashboard",
    "Settings": "a page of a repository on GitHub",
}

logger = logging.getLogger(__name__)


# Resolvers --------------------------------------------------------------------
# Each says whether a text is of its kind, from files alone.


def is_path(text: str) -> bool:
    """Return whether it is a path of the example or repository, or one made there.

    What a command makes in the reader's project is what its .gitignore names.
    """
    name = text.rstrip("/")
    return bool(re.fullmatch(r"[\w.][\w./-]*", text)) and (
        name in made() or any(exists(folder, name) for folder in FOLDERS)
    )


def made() -> set[str]:
    lines = (EXAMPLE / ".gitignore").read_text().splitlines()
    return {line.rstrip("/") for line in lines if re.match(r"[\w.]", line)}


def exists(folder: Path, name: str) -> bool:
    """Say whether a path is there, in these letters; macOS and Windows do not care."""
    path = folder / name
    return path.exists() and path.name in {each.name for each in path.parent.iterdir()}


def is_fact(text: str) -> bool:
    """Return whether it is a name in facts.toml, or a plan of Heroku Postgres."""
    plan = text.removeprefix("heroku-postgresql:")
    return f"{plan}-price" in FACTS or text in [fact.value for fact in FACTS.values()]


def is_value(text: str) -> bool:
    """Return whether .env.example or app.json has it, or it is a package or process."""
    return all(part in values() for part in text.split(","))


@cache
def values() -> set[str]:
    environment = (EXAMPLE / ".env.example").read_text()
    procfile = (EXAMPLE / "Procfile").read_text()
    found = set(re.findall(r"^\w+=(.+)$", environment, re.MULTILINE))
    found |= set(re.findall(r'"(.+?)"', (EXAMPLE / "app.json").read_text()))
    found |= set(re.findall(r"^(\w+):", procfile, re.MULTILINE))
    found |= {(EXAMPLE / ".python-version").read_text().strip()}
    for name, extras in re.findall(
        r"^([\w-]+)(?:\[(.+)\])?", (EXAMPLE / "requirements.txt").read_text(), re.M
    ):
        found |= {name, *(f"{name}[{extra}]" for extra in extras.split(",") if extra)}
    return found | {each.lstrip(".") for each in found}


def is_name(text: str) -> bool:
    """Return whether the Python that decides the deployment has such a name or text.

    With a dot at one end, what such a text ends or begins with.
    """
    return (
        text in names()
        or (text.startswith(".") and any(name.endswith(text) for name in names()))
        or (text.endswith(".") and any(name.startswith(text) for name in names()))
    )


@cache
def names() -> set[str]:
    """Return names, attributes, keywords and texts; of a dotted text its end too."""
    found = set()
    for path in LISTED:
        for node in ast.walk(ast.parse((EXAMPLE / path).read_text())):
            found |= named_by(node)
    return found


def named_by(node: ast.AST) -> set[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return {name}
        case ast.keyword(arg=str() as name):
            return {name}
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.alias(name=name):
            return {name, name.rpartition(".")[2]}
        case ast.Constant(value=str() as text):
            end = re.fullmatch(r"[\w.]+\.(\w+)", text)
            return {text, end.group(1)} if end else {text}
    return set()


def is_line(text: str) -> bool:
    """Return whether it is a whole line of a file that decides the deployment."""
    files = ("staff/settings.py", "gunicorn.conf.py", "Procfile", "requirements.txt")
    return any(
        text in map(str.strip, (EXAMPLE / file).read_text().splitlines())
        for file in files
    )


def is_address(text: str) -> bool:
    """Return whether it is a path of the app, such as /healthz."""
    routes = re.findall(r'path\("(.+?)"', (EXAMPLE / "staff" / "urls.py").read_text())
    return text.removeprefix("/") in routes and text.startswith("/")


def in_manifest(text: str) -> bool:
    """Return whether it is a field of the example's manifests, or a field's value."""
    field = re.compile(rf"(?m)^[ -]*(?:{re.escape(text)}:|\w+: {re.escape(text)}$)")
    return any(
        field.search(file.read_text()) for file in EXAMPLE.glob("kubernetes/*.yaml")
    )


def is_module(text: str) -> bool:
    """Return whether it is the dotted path of a module of the example."""
    path = EXAMPLE.joinpath(*text.split("."))
    return "." in text and path.with_suffix(".py").is_file()


def is_example_name(text: str) -> bool:
    """Return whether it is for examples: https://www.rfc-editor.org/rfc/rfc2606"""
    host = r"(?:[\w.-]+@)?(?:[\w-]+\.)*example\.com"
    parts = text.split(",")
    return bool(re.fullmatch(host, parts[-1])) and all(
        re.fullmatch(host, part) or is_value(part) for part in parts
    )


def is_powershell(text: str) -> bool:
    """Return whether it is PowerShell about a variable that the settings read."""
    match = re.fullmatch(r'\$env:(\w+) = ".*"|Remove-Item Env:(\w+)', text)
    return bool(match) and is_name(match[1] or match[2])


def in_template(text: str) -> bool:
    """Say whether a page of the example shows a text between two tags."""
    return any(f">{text}<" in file.read_text() for file in EXAMPLE.rglob("*.html"))


def in_form(text: str) -> bool:
    """Say whether a field of the example's forms has a text for its label."""
    return any(
        f'label="{text}"' in file.read_text() for file in EXAMPLE.glob("*/forms.py")
    )


# For the tests: what only a parser knows.


def is_command(text: str) -> bool:
    """Return whether it is a command, with or without heroku or manage.py before it."""
    program = text.split(maxsplit=1)[0] if text.split() else ""
    return (
        program in PROGRAMS | DJANGO_COMMANDS
        or re.fullmatch(r"[a-z]+(:[a-z]+)+", program) is not None
    )


def is_option(text: str) -> bool:
    return re.fullmatch(r"--?[a-z][\w-]*( \S+)?", text) is not None


def is_dotted(text: str) -> bool:
    return re.fullmatch(r"(django|gunicorn|whitenoise)(\.\w+)+", text) is not None


# In this order: what the repository's own files hold comes first.
KINDS = {
    "path": is_path,
    "fact": is_fact,
    "value": is_value,
    "name": is_name,
    "line": is_line,
    "address": is_address,
    "manifest": in_manifest,
    "module": is_module,
    "example name": is_example_name,
    "PowerShell": is_powershell,
    "command": is_command,
    "option": is_option,
    "dotted path": is_dotted,
}


def resolve(text: str) -> str | None:
    """Return the kind of thing that a literal names, or None."""
    if text in EXCEPTIONS:
        return "exception"
    return next((kind for kind, is_kind in KINDS.items() if is_kind(text)), None)


# On the pages -----------------------------------------------------------------


class LiteralRole(SphinxRole):
    """A literal that has the role's name as a class."""

    def run(self):
        return [nodes.literal(self.rawtext, self.text, classes=[self.name])], []


class Literals(SphinxTransform):
    """Give each literal its `kind`, and warn of one that has none."""

    default_priority = 200

    def apply(self):
        for literal in self.document.findall(nodes.literal):
            if not {"xref", "kbd"} & set(literal["classes"]):
                literal["kind"] = self.kind(literal, literal.astext())
        for label in self.document.findall(nodes.inline):
            if "guilabel" in label["classes"]:
                self.check_label(label, label.astext())

    def kind(self, literal: nodes.literal, text: str) -> str:
        classes = literal["classes"]
        if "printed" in classes:
            elsewhere = in_template(text) or text in SHOWN_BY | ELSEWHERE
            return NOT_PERFORMED if elsewhere else PRINTED
        kind = resolve(text) or ("shown" if self.is_shown(text) else None)
        if "wrong" in classes:
            if kind and kind != "command":
                self.warn(literal, f"{text!r} is not :wrong:, it is a {kind}")
            return "wrong"
        if "file" in classes and kind not in ("path", "address", "name", "exception"):
            self.warn(literal, f"there is no file {text!r}")
        elif kind is None:
            self.warn(
                literal,
                f"{text!r} names nothing that is in the repository: is it misspelt? "
                "If a program prints it, write :printed:; if it is a mistake to be "
                "shown, :wrong:; else give EXCEPTIONS its reason",
            )
        return kind or "unknown"

    def is_shown(self, text: str) -> bool:
        """Say whether a change or a session of the page has it: it is performed."""
        word = re.compile(rf"(?<![\w-]){re.escape(text)}(?![\w-])")
        return any(
            word.search(block.astext())
            for block in self.document.findall(nodes.literal_block)
            if block.get("language") in (None, "console", "diff")
            and "not-rehearsed" not in block["classes"]
        )

    def check_label(self, label: nodes.inline, text: str) -> None:
        if text not in LABELS and not in_template(text) and not in_form(text):
            self.warn(label, f"no template or form has the label {text!r}: LABELS")

    def warn(self, node: nodes.Node, message: str) -> None:
        logger.warning(message, location=node.parent, type="literal")


def everything() -> list[str]:
    """Return what literals resolve to, for Sphinx to read all pages when it changes."""
    ignored = {"__pycache__", *made()}
    paths = [path.relative_to(ROOT) for path in (*EXAMPLE.rglob("*"), *ROOT.glob("*"))]
    kept = [path.as_posix() for path in paths if not ignored & set(path.parts)]
    lists = [*EXCEPTIONS, *SHOWN_BY, *ELSEWHERE, *LABELS]
    return sorted([*names(), *values(), *kept, *lists])


def setup(app: Sphinx):
    app.add_config_value("literals", everything(), "env", [list])
    for role in ("printed", "wrong"):
        app.add_role(role, LiteralRole())
    app.add_transform(Literals)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
