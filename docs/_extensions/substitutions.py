"""What a page does not type: numbers, versions and dates, each from its one place.

A page writes |python| or |boot-timeout|; the values come from the example's files, from
facts.toml and from the record of the last rehearsal. A number that is typed in prose
all the same is a warning, and so an error of the build.
https://docutils.sourceforge.io/docs/ref/rst/directives.html#replacement-text
"""

import ast
import json
import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

from docs._extensions.facts import FACTS, NO_BREAK_SPACE, show_date
from docs._extensions.repository import address
from rehearsal.heroku.model import STACK
from rehearsal.record import ON_HEROKU, read_record

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "example"
APP = "my-staff-calibration"  # what the pages call the app; a reader takes another
DYNOS_IN_A_DEPLOY = 2  # the old one and the new one
CODE = re.compile(r"[HR]\d\d")  # |H10| is "H10, App crashed"

# Worked out from facts: the sum of prices, and the workers that a memory has room for.
SUMS = {
    "smallest-with-eco": ("eco-price", "essential-0-price"),
    "smallest-with-basic": ("basic-price", "essential-0-price"),
}
WORKERS = {"basic-workers": "basic-memory", "standard-2x-workers": "standard-2x-memory"}

# The packages whose versions reference/versions shows.
SHOWN = ("django", "gunicorn", "psycopg", "whitenoise")

logger = logging.getLogger(__name__)


# Values -----------------------------------------------------------------------


def versions() -> dict[str, str]:
    """Return the versions that the files of the repository decide."""
    cli = json.loads((ROOT / "rehearsal" / "package.json").read_text())
    return {
        "python": (EXAMPLE / ".python-version").read_text().strip(),
        # What this repository's own programs are written for.
        "oldest-python": "3."
        + find(r'^target-version = "py3(\d+)"', ROOT / "pyproject.toml"),
        "cli": cli["dependencies"]["heroku"],
        "kubernetes": find(
            r"^kubernetes-validate==(\d+\.\d+)", ROOT / "tests" / "requirements.txt"
        ),
        "django": find(r"^django>=(\d+\.\d+)", EXAMPLE / "requirements.txt"),
        "stack": STACK,
        **{f"{package}-range": requirement(package) for package in SHOWN},
    }


def requirement(package: str) -> str:
    """Return the versions of a package that the example's requirements allow."""
    pattern = rf"^{package}(?:\[.+\])?([<>=].+)$"
    return find(pattern, EXAMPLE / "requirements.txt").replace(",", ", ")


def find(pattern: str, file: Path) -> str:
    """Return the group of a pattern; raises ValueError if the file has no match."""
    if match := re.search(pattern, file.read_text(), re.MULTILINE):
        return match.group(1)
    raise ValueError(f"{file.relative_to(ROOT)}: nothing there matches {pattern}")


def constant(file: str, name: str):
    """Return the value that a module of the example gives a name at its top level.

    `file` is a pattern of one file. Raises ValueError if the module gives the name no
    value, or one that is computed.
    """
    (module,) = EXAMPLE.glob(file)
    for statement in ast.parse(module.read_text()).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=found)]) if found == name:
                return ast.literal_eval(statement.value)
    raise ValueError(f"example/{file} gives {name} no value")


def numbers() -> dict[str, str]:
    """Return the numbers that the example's files decide, and what follows from them.

    A web dyno has a worker for each 256 MB: heroku/heroku-buildpack-python,
    vendor/WEB_CONCURRENCY.sh.
    """
    pool = int(find(r"^DATABASE_POOL_SIZE=(\d+)", EXAMPLE / ".env.example"))
    workers = {
        name: FACTS[memory].megabytes // FACTS["worker-memory"].megabytes
        for name, memory in WORKERS.items()
    }
    sums = {
        name: f"US${sum(FACTS[price].value for price in prices)}"
        for name, prices in SUMS.items()
    }
    prices = [fact for fact in FACTS.values() if fact.unit == "US$"]
    return {
        "email-port": constant("staff/settings.py", "EMAIL_PORT"),
        "pool-size": pool,
        "pool-connections": DYNOS_IN_A_DEPLOY * workers["basic-workers"] * pool,
        **scaled(pool, workers),
        **clustered(pool, workers),
        "hsts-default": find(
            r'"SECURE_HSTS_SECONDS", default=([\d_]+)',
            EXAMPLE / "staff" / "settings.py",
        ).replace("_", ","),
        "pins": constant("measuring/reading.py", "LAST_PIN"),
        "prices-checked": show_date(min(fact.source.checked for fact in prices)),
        **workers,
        **sums,
    }


def scaled(pool: int, workers: dict[str, int]) -> dict[str, int]:
    """Return the sums of operate/scale; `workers` are those of a dyno, by its size.

    A Standard-1X has the memory of a Basic, and so its workers.
    """
    threads = constant("gunicorn.conf.py", "threads")
    small, large = workers["basic-workers"], workers["standard-2x-workers"]
    return {
        "threads": threads,
        "one-dyno": 1,
        "two-dynos": 2,
        "dynos-in-a-deploy": DYNOS_IN_A_DEPLOY,
        "one-basic-requests": small * threads,
        "one-2x-requests": large * threads,
        "one-2x-connections": DYNOS_IN_A_DEPLOY * large * pool,
        "two-1x-requests": 2 * small * threads,
        "two-1x-connections": 2 * DYNOS_IN_A_DEPLOY * small * pool,
        "two-1x-half-connections": 2 * DYNOS_IN_A_DEPLOY * small * (pool // 2),
    }


def clustered(pool: int, workers: dict[str, int]) -> dict[str, int]:
    """Return the sum of operate/when-one-machine-is-not-enough.

    Pods that stop do not count for a Deployment, so that all the old ones may still run
    beside all the new ones.
    """
    manifest = EXAMPLE / "kubernetes" / "web.yaml"
    replicas = int(find(r"^  replicas: (\d+)$", manifest))
    most = replicas * DYNOS_IN_A_DEPLOY
    return {
        "replicas": replicas,
        "cluster-connections": most * workers["basic-workers"] * pool,
    }


def facts_behind(name: str) -> list[str]:
    """Return the names of the facts that a substitution shows or is worked out from."""
    if name in WORKERS:
        return [WORKERS[name], "worker-memory"]
    return [each for each in SUMS.get(name, [name]) if each in FACTS]


def last_rehearsal() -> dict[str, str]:
    record = read_record()
    parts = record.get("versions", {}).items()
    drill = record.get("pages", {}).get("operate/restore-drill", {})
    return {
        "restore-drill-time": f"{drill['seconds']}{NO_BREAK_SPACE}seconds"
        if drill
        else "not yet recorded",
        "rehearsed-on": record.get("date", "not yet"),
        "rehearsed-on-heroku": on_heroku(record.get(ON_HEROKU)),
        "rehearsed-commands": sum(
            page["commands"] for page in record.get("pages", {}).values()
        ),
        "rehearsed-with": ", ".join(map(" ".join, parts)) or "nothing",
    }


def on_heroku(performed: dict | None) -> str:
    """Return when the steps were performed on Heroku itself, and what came of it."""
    if not performed:
        return "not yet, by anybody"
    found = performed["differences"]
    return f"{performed['date']}, differences from the pages: {found or 'none'}"


def substitutions() -> dict[str, str]:
    """Return the text of each substitution by its name."""
    every = versions() | numbers() | last_rehearsal() | FACTS
    every["repository"] = address() or "https://not-known.invalid"
    return {
        name: f"{name}, {value}" if CODE.fullmatch(name) else str(value)
        for name, value in every.items()
    }


def define(app: Sphinx, config) -> None:
    # |app| is the reader's: the page's only text that a reader changes.
    config.rst_prolog = "".join(
        [
            ".. role:: app\n",
            f".. |app| replace:: :app:`{APP}`\n",
            *(
                f".. |{name}| replace:: {text}\n"
                for name, text in substitutions().items()
            ),
        ]
    )


class UsedDefinitions(SphinxTransform):
    """Take away the definitions, by whose words the search would find every page."""

    # After docutils has put the substitutions in, at 220.
    default_priority = 230

    def apply(self):
        for definition in list(self.document.findall(nodes.substitution_definition)):
            definition.parent.remove(definition)


# Typed numbers ----------------------------------------------------------------

NUMBER_WORDS = (
    "half|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|"
    "sixteen|twenty|thirty|sixty|ninety|hundred"
)
UNITS = (
    "second|minute|hour|day|night|week|month|year|dollar|cent|byte|character|letter|"
    "connection|percent"
)
TYPED = re.compile(
    r"(?<![\w.,:/-])v?\d[\d.,]*(?<![.,])(?!\w)"
    rf"|\b(?:{NUMBER_WORDS})\s+(?:an?\s+|\w+\s+)?(?:{UNITS})s?\b"
    rf"|\b(?:once|twice)\s+an?\s+(?:{UNITS})\b"
    r"|\b(?:January|February|March|April|May|June|July|August|September|October|"
    r"November|December)\s+\d{4}",
    re.IGNORECASE,
)

# What no table needs to hold, with the reason.
TYPED_ON_PURPOSE = {
    "2021": "the year of the guide that this one replaces",
    "PowerShell 5": "the name of a program, which comes with Windows",
    "PowerShell 7": "the name of a program, which does not",
    "Python 3.8": "what the guide of 2021 asked for",
    "two hours": "an estimate",
}
PURPOSES = re.compile(
    "|".join(re.escape(text).replace(r"\ ", r"\s+") for text in TYPED_ON_PURPOSE)
)


class TypedNumbers(SphinxTransform):
    """Warn of each number in prose that is no substitution."""

    # Before docutils puts the substitutions in (220): what is a number now was typed.
    default_priority = 200

    def apply(self):
        for text in self.document.findall(nodes.Text):
            if not is_prose(text):
                continue
            for typed in TYPED.findall(PURPOSES.sub("", text.astext())):
                logger.warning(
                    "%r is typed: write a substitution (docs/facts.toml has the "
                    "platform's), or name the reason in TYPED_ON_PURPOSE",
                    " ".join(typed.split()),
                    location=text.parent,
                    type="typed_number",
                )


def is_prose(node: nodes.Node) -> bool:
    """Say whether a reader reads the text as a sentence, not as code or an address."""
    code = (nodes.literal, nodes.FixedTextElement, nodes.substitution_definition)
    hidden = (nodes.Invisible, nodes.system_message, nodes.raw, nodes.problematic)
    while node := node.parent:
        if isinstance(node, (*code, *hidden)) or is_address(node) or is_field(node):
            return False
    return True


def is_address(node: nodes.Node) -> bool:
    return isinstance(node, nodes.reference) and node.get("refuri") == node.astext()


def is_field(node: nodes.Node) -> bool:
    """Say whether a node is the list of fields above a page's title, as :minutes:."""
    return isinstance(node, nodes.field_list) and isinstance(
        node.parent, nodes.document
    )


def setup(app: Sphinx):
    app.connect("config-inited", define)
    app.add_transform(TypedNumbers)
    app.add_transform(UsedDefinitions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
