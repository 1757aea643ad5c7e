"""What pages and app avoid in words, and versions that come from the files."""

import ast
import re
from functools import cache

import pytest

from tests.conftest import ROOT
from tests.support.pages import EXAMPLE, HISTORY, SOURCES, VERSIONS, prose

# Each with the reason, or with what to write instead.
# Django's documentation avoids the first; then comes how names are spelt.
# https://docs.djangoproject.com/en/5.2/internals/contributing/writing-documentation/
AVOIDED = {
    r"(?i)\b(simply|just|easy|easily|obviously)\b": "belittles whoever is stuck",
    r"\bGithub\b": "GitHub",
    r"\bPostgresql\b": "PostgreSQL",
    r"(?<!Heroku )\b[Pp]ostgres\b": "PostgreSQL, or the product Heroku Postgres",
    r"(?i)\b(behavior|center|color|gray|labeled|leveling|license)s?\b": "en-GB",
    r"(?i)\b(analyze|canceled|catalog|organize|recognize|traveled)[ds]?\b": "en-GB",
    # Correct word by word, and yet no native speaker writes it so.
    r"(?i)\btells? (what|how|whether|why|when|where|that|the whole)\b": (
        "shows, explains or says"
    ),
    r"(?i)\b(is|are) told\b": "say who explains it",
    r"(?i)\bst(and|ands|ood) (in|at|by|beside|behind|before|for|above|below)\b": (
        "is in, is next to, comes before, comes after, means"
    ),
    r"(?i)\b(lies?|lay) (in|at|on|beside|behind)\b": "is in, is next to",
    r"(?i)\bbeside\b": "next to, with",
    r"(?i)\banew\b": "again; recreate, restart",
    r"(?i)\bmend(s|ed|ing)?\b": "fix",
    r"(?i)\bbears?\b": "has",
    r"(?i)\bfor want of\b": "without, if it is missing",
    r"\bWho\b[^?\n]*\.": "Anyone who",
    r"(?i)\bwhoever\b": "anyone who; the visitor, the user",
    r"(?i)\b(sends|shows|serves|asks) who\b": "name them: visitors, requests",
    r"(?i)\bgoes on\b|\bgo on \w+ing\b": "continues, keeps",
    r"(?i)\bthe former\b": "the previous",
    r"(?i)\b(beats?|beaten|wins over)\b": "takes precedence over",
    r"(?i)\b(an)?other \w+ than\b": "a module other than, a different module from",
    r"(?i)\belse than\b": "other than, different from",
    r"(?i)\bblanks?\b": "space",
    r"(?i)\bthe start (is stopped|stops)|\bstops the start\b": (
        "the app refuses to start"
    ),
    r"(?i)\binsist(s|ed)? on\b": "requires",
    r"(?i)\breplaced? [^.\n]*? by the\b": "replace with",
    r"(?i)\bbut for\b": "except",
    r"(?i)\bbelongs? into\b": "belongs in",
    r"(?i)\bplay(s|ed)?\b": "run, rehearse",
    r"(?i)\b(aloud|without a word)\b": "explicitly; silently",
    r"(?i)\b(exists|used|there|number|day) already\b": "already goes before it",
    r"(?i)\blooks? into (your|the)\b": "check",
    r"(?i)\bin some minutes\b": "in a few minutes",
    r"(?i)\b(wants an?|demands)\b": "needs, requires",
    r"(?i)\bsomebody, probably\b": "Someone, probably",
    r"(?i)\bstands directly\b": "comes directly",
}

PROGRAMS = "Python|Django|gunicorn|psycopg|WhiteNoise|Brotli|Heroku CLI|heroku"
NAMED_VERSION = re.compile(rf"(?i)\b({PROGRAMS})[ /=]+v?(\d+\.\d+)")


@pytest.mark.parametrize("pattern", AVOIDED)
@pytest.mark.parametrize("name", SOURCES)
def test_page_avoids_words(name, pattern):
    for paragraph in prose(name).splitlines():
        found = re.search(pattern, paragraph)
        assert not found, (
            f"docs/{name}.rst: not {found[0]!r} in {paragraph!r}: {AVOIDED[pattern]}"
        )


@pytest.mark.parametrize("pattern", AVOIDED)
@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_what_a_contributor_reads_avoids_words(name, pattern):
    # A proper name, code and addresses are not ours to spell.
    text = re.sub(
        r"Apache License 2.0: see \[LICENSE\]\(LICENSE\)|`[^`]*`|https?://\S+",
        "",
        (ROOT / name).read_text(),
    )
    found = re.search(pattern, text.replace("\n", " "))
    assert not found, f"{name}: not {found[0]!r}: {AVOIDED[pattern]}"


@cache
def wording(file):
    """Return what people read in a file of the example: its texts and paragraphs.

    In Python that is comments and texts, in a template what is between the tags, in a
    style sheet the comments, and elsewhere everything.
    """
    source = file.read_text()
    match file.suffix:
        case ".py":
            found = python_wording(source)
        case ".html" | ".txt" if "templates" in file.parts:
            found = re.sub(r"(?s)\{[%{].*?[%}]\}|<[^>]*>", "\n", source).split("\n\n")
        case ".css":
            found = re.findall(r"(?s)/\*.*?\*/", source)
        case _:
            found = source.splitlines()
    return [re.sub(r"https?://\S+|\s+", " ", text) for text in found]


def python_wording(source):
    """Return each comment, of one line or more, and each text, whole if it is an f"".

    What f"" puts in is left open.
    """
    found = re.findall(r"(?m)(?:^ *#.*\n)+|  # .*$", source)
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Constant(value=str() as text):
                found.append(text)
            case ast.JoinedStr(values=parts):
                known = [part for part in parts if isinstance(part, ast.Constant)]
                found.append("…".join(part.value for part in known))
    return [re.sub(r"(?m)^ *# ?", "", text) for text in found]


WORDED = [
    file
    for file in sorted(EXAMPLE.rglob("*"))
    if (file.suffix in {".py", ".html", ".txt", ".css", ".json", ".example"})
    or file.name in {"Procfile", ".gitignore"}
    if not {"staticfiles", ".venv", "fonts"} & set(file.parts)
]


@pytest.mark.parametrize("pattern", AVOIDED)
def test_the_app_avoids_words(pattern):
    found = [
        f"example/{file.relative_to(EXAMPLE)}: not {match[0]!r} in {text!r}"
        for file in WORDED
        for text in wording(file)
        if (match := re.search(pattern, text))
    ]
    assert not found, "\n".join([*found, f"write: {AVOIDED[pattern]}"])


def without_addresses(name):
    return re.sub(r"https?://\S+", "", SOURCES[name])


@pytest.mark.parametrize("name", [name for name in SOURCES if name != HISTORY])
def test_versions_come_from_the_files(name):
    assert not NAMED_VERSION.findall(without_addresses(name))


@pytest.mark.parametrize(
    "version", [VERSIONS[name] for name in ("python", "django", "cli")]
)
@pytest.mark.parametrize("name", [name for name in SOURCES if name != HISTORY])
def test_versions_of_the_files_are_substitutions(name, version):
    literal = rf"(?<![\d.]){re.escape(version)}(?!\d|\.\d)"
    assert not re.findall(literal, without_addresses(name))


@pytest.mark.parametrize("name", ["README.md", "Makefile"])
def test_the_oldest_python_is_the_same_everywhere(name):
    named = set(re.findall(r"Python (\d[\d.]*\d) or newer", (ROOT / name).read_text()))
    assert named == {VERSIONS["oldest-python"]}


def test_read_the_docs_builds_with_the_python_of_the_example():
    configuration = (ROOT / ".readthedocs.yaml").read_text()
    assert re.findall(r'python: "(.+)"', configuration) == [VERSIONS["python"]]
