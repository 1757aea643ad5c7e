"""Heroku's Python buildpack in small projects: what it refuses, warns of and takes.

Both the stand-in's build and the example's staff/checks.py are held against this.
BP is https://github.com/heroku/heroku-buildpack-python, v351 of 2026-08-18; DC is
https://devcenter.heroku.com/articles/.
"""

from dataclasses import dataclass
from pathlib import Path

VERSION, MANAGER, CHECKS, DETECT, HOOKS = (
    "BP lib/python_version.sh",
    "BP lib/package_manager.sh",
    "BP lib/checks.sh",
    "BP bin/detect",
    "BP lib/hooks.sh",
)
# https://github.com/heroku/heroku-buildpack-python/pull/1958 and 1962 of November 2025
READING = "BP lib/python_version.sh, pull requests 1958 and 1962"
# https://github.com/heroku/heroku-buildpack-python/pull/1970 of November 2025
SPELLING = "BP lib/python_version.sh, pull request 1970"
LANGUAGES = "DC buildpacks, a copy of 2017-09-12; no newer list was found"

NO_MANAGER = "Error: Couldn't find any supported Python package manager files."
TWO_MANAGERS = "Error: Multiple Python package manager files were found."
NO_LOCK = "Error: No 'Pipfile.lock' found!"
NO_LANGUAGE = "No default language could be detected for this app."
END_OF_LIFE = "Error: The requested Python version has reached end-of-life."
UNKNOWN = "Error: The requested Python version isn't recognised."
UNAVAILABLE = "Error: The requested Python version isn't available."
INVALID = "Error: Invalid Python version in .python-version."
INVALID_RUNTIME = "Error: Invalid Python version in runtime.txt."
NONE_FOUND = "Error: No Python version found in .python-version."
SEVERAL_FOUND = "Error: Multiple Python versions found in .python-version."
UNREADABLE = "Error: Unable to read .python-version."
MISSPELT = "Error: Your .python-version file is spelled incorrectly."
NO_VERSION = "No Python version was specified."
NOT_WITH_UV = "Error: The runtime.txt file isn't supported when using uv."

DEPRECATED_FILE = "Warning: The runtime.txt file is deprecated."
DEPRECATED_PYTHON = "Warning: Support for Python 3.10 is deprecated!"
NEWER_PATCH = "Warning: A Python patch update is available!"


@dataclass(frozen=True)
class Rule:
    """What the buildpack does with a project of these files, given by path.

    refusal: the first line of the error; None if it builds. Starts with "The stand-in"
    where Heroku would build, but the stand-in cannot.
    warning: the first line of a warning; None if there is none.
    """

    name: str
    files: dict[str, str | bytes]
    source: str
    refusal: str | None = None
    warning: str | None = None


def write(folder: Path, files: dict[str, str | bytes]):
    """Write a project's files beneath a folder, which is made if need be.

    A path that ends in / is an empty folder.
    """
    for name, content in files.items():
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


GOOD = {"requirements.txt": "", ".python-version": "3.13\n"}
UV = {"pyproject.toml": "", "uv.lock": "", ".python-version": "3.13\n"}
NO_FILE = {"requirements.txt": ""}


def versioned(content: str | bytes) -> dict[str, str | bytes]:
    return {"requirements.txt": "", ".python-version": content}


def runtime(content: str | bytes) -> dict[str, str | bytes]:
    return {"requirements.txt": "", "runtime.txt": content}


RULES = [
    # Which language
    Rule("no file of Python's", {"README": ""}, DETECT, NO_LANGUAGE),
    Rule("all in a subfolder", {"app/requirements.txt": ""}, DETECT, NO_LANGUAGE),
    Rule(
        "package.json at the top",
        {**GOOD, "package.json": "{}"},
        LANGUAGES,
        "The stand-in plays the Python buildpack only.",
    ),
    Rule(
        "Gemfile at the top",
        {**GOOD, "Gemfile": ""},
        LANGUAGES,
        "The stand-in plays the Python buildpack only.",
    ),
    Rule("package.json in a subfolder", {**GOOD, "theme/package.json": ""}, LANGUAGES),
    # Which package manager
    *(
        Rule(f"{name} alone", {name: ""}, f"{DETECT}, {MANAGER}", NO_MANAGER)
        for name in [
            *("manage.py", "__init__.py", "__pycache__/", "pyproject.toml"),
            *("requirement.txt", "Requirements.txt", "requirements.text"),
            *("requirements.txt.txt", ".python-version"),
            "requirments.txt",  # codespell:ignore
        ]
    ),
    Rule(
        "requirements.txt in a subfolder",
        {"manage.py": "", "app/requirements.txt": ""},
        MANAGER,
        NO_MANAGER,
    ),
    Rule(
        "requirements.txt is a folder",
        {"requirements.txt/base.txt": "", ".python-version": "3.13"},
        MANAGER,
        NO_MANAGER,
    ),
    Rule(
        "setup.py alone",
        {"setup.py": ""},
        MANAGER,
        "Error: Implicit setup.py file support has been sunset.",
    ),
    Rule("Pipfile alone", {"Pipfile": ""}, MANAGER, NO_LOCK),
    Rule("Pipfile beside requirements.txt", {**GOOD, "Pipfile": ""}, MANAGER, NO_LOCK),
    *(
        Rule(f"{name} beside requirements.txt", {**GOOD, name: ""}, MANAGER, refusal)
        for name, refusal in [
            ("Pipfile.lock", TWO_MANAGERS),
            ("poetry.lock", TWO_MANAGERS),
            ("uv.lock", TWO_MANAGERS),
            ("pyproject.toml", None),
            ("setup.py", None),
            ("pdm.lock", None),
        ]
    ),
    Rule(
        "Pipenv",
        {"Pipfile.lock": "{}", ".python-version": "3.13"},
        MANAGER,
        "The stand-in installs with pip and uv only, not with Pipenv.",
    ),
    Rule(
        "Poetry",
        {"poetry.lock": "", ".python-version": "3.13"},
        MANAGER,
        "The stand-in installs with pip and uv only, not with Poetry.",
    ),
    Rule("uv", UV, MANAGER),
    Rule(
        "requirements.txt that .slugignore names",
        {**GOOD, ".slugignore": "*.txt\n"},
        "DC slug-compiler, 2024-12-03",
        NO_MANAGER,
    ),
    Rule(
        "a Pipfile that .slugignore names",
        {**GOOD, "Pipfile": "", ".slugignore": "# old\n/Pipfile\n"},
        "DC slug-compiler, 2024-12-03",
    ),
    # What must not be there
    *(
        Rule(
            f"committed {name}",
            {**GOOD, f"{name}/pyvenv.cfg": ""},
            CHECKS,
            f"Error: Existing '{name}/' directory found.",
        )
        for name in ["venv", ".venv"]
    ),
    Rule(
        "committed .venv and venv",
        {**GOOD, "venv/pyvenv.cfg": "", ".venv/pyvenv.cfg": ""},
        CHECKS,
        "Error: Existing '.venv/' directory found.",
    ),
    Rule("committed env", {**GOOD, "env/pyvenv.cfg": ""}, CHECKS),
    Rule("a folder venv of another kind", {**GOOD, "venv/notes.txt": ""}, CHECKS),
    Rule(
        "committed .heroku/python",
        {**GOOD, ".heroku/python/bin/python": ""},
        CHECKS,
        "Error: Existing '.heroku/python/' directory found.",
    ),
    Rule(
        "a file .heroku",
        {**GOOD, ".heroku": ""},
        "heroku/heroku-buildpack-python issue 1768",
        "mkdir: cannot create directory '.heroku': Not a directory",
    ),
    Rule("a folder .heroku", {**GOOD, ".heroku/notes.txt": ""}, CHECKS),
    Rule(
        "bin/pre_compile that fails",
        {**GOOD, "bin/pre_compile": "#!/bin/sh\nexit 1\n"},
        HOOKS,
        "Error: Failed to run the bin/pre_compile script.",
    ),
    Rule(
        "bin/pre_compile that makes requirements.txt",
        {".python-version": "3.13", "bin/pre_compile": ">requirements.txt"},
        HOOKS,
    ),
    # Which Python
    Rule("no version", NO_FILE, VERSION, warning=f"Warning: {NO_VERSION}"),
    *(
        Rule(f"Python {version}", versioned(f"{version}\n"), VERSION)
        for version in ["3.11", "3.12", "3.13", "3.14", "3.13.15", "3.14.7"]
    ),
    Rule("Python 3.10", versioned("3.10"), VERSION, warning=DEPRECATED_PYTHON),
    Rule("Python 3.9", versioned("3.9"), VERSION, END_OF_LIFE),
    Rule("Python 2.7", versioned("2.7.18"), VERSION, END_OF_LIFE),
    Rule("Python 3.15", versioned("3.15"), VERSION, UNKNOWN),
    Rule("Python 3.99", versioned("3.99"), VERSION, UNKNOWN),
    Rule("Python 4.0", versioned("4.0"), VERSION, UNKNOWN),
    Rule("an old patch", versioned("3.13.2"), VERSION, warning=NEWER_PATCH),
    Rule(
        "a patch that does not exist",
        versioned("3.13.99"),
        "BP lib/python.sh",
        UNAVAILABLE,
    ),
    Rule("blanks and comments", versioned("# ours\r\n\t3.13 \r\n\n"), VERSION),
    Rule("a comment in Latin-1", versioned(b"# f\xfcr uns\n3.13\n"), READING),
    *(
        Rule(f".python-version of {content!r}", versioned(content), VERSION, INVALID)
        for content in [
            *("python-3.13", '"3.13"', "3.13.*", "3.x", "3", "3.13rc1", ">=3.13"),
            *("3.13 # ours", "3.13\u00a0", "03.13", "3.013", "3.13.02", "３.１３"),
            *("3.1\0003", "3.13.1.1"),
        ]
    ),
    Rule("only a comment", versioned("# 3.13"), READING, NONE_FOUND),
    Rule("an empty .python-version", versioned(""), READING, NONE_FOUND),
    Rule("two versions", versioned("3.12\n3.13\n"), READING, SEVERAL_FOUND),
    Rule("UTF-16", versioned("3.13\r\n".encode("utf-16")), READING, UNREADABLE),
    Rule(
        "byte order mark", versioned("3.13\n".encode("utf-8-sig")), READING, UNREADABLE
    ),
    # runtime.txt
    Rule(
        "runtime.txt",
        runtime("python-3.13"),
        VERSION,
        warning=DEPRECATED_FILE,
    ),
    Rule(
        "runtime.txt before .python-version",
        {**GOOD, "runtime.txt": "python-3.12\n", ".python-version": "not read"},
        VERSION,
        warning=DEPRECATED_FILE,
    ),
    Rule(
        "comments in runtime.txt",
        runtime("# ours\npython-3.13\n"),
        READING,
        warning=DEPRECATED_FILE,
    ),
    Rule("end of life in runtime.txt", runtime("python-3.8.8"), VERSION, END_OF_LIFE),
    *(
        Rule(f"runtime.txt of {content!r}", runtime(content), VERSION, INVALID_RUNTIME)
        for content in [
            *("3.12", "Python-3.12", "python-3.12.*", "", "python 3.12"),
            "python-3.12".encode("utf-16"),
            "python-3.12".encode("utf-8-sig"),
        ]
    ),
    # uv wants the version in .python-version
    Rule("uv without a version", {"uv.lock": ""}, VERSION, f"Error: {NO_VERSION}"),
    Rule(
        "uv with runtime.txt",
        {**UV, "runtime.txt": "python-3.13"},
        VERSION,
        NOT_WITH_UV,
    ),
    # How the file is spelt
    *(
        Rule(f"{name!r} instead", {**NO_FILE, name: "3.13"}, SPELLING, MISSPELT)
        for name in ["python-version", ".python_version", ".python-version "]
    ),
    *(
        Rule(f"{name!r} besides", {**GOOD, name: "3.13"}, SPELLING, MISSPELT)
        for name in [
            *("python-version", "python_version", ".python-version.txt"),
            *(".python-version.py", ".python-version.rtf"),
        ]
    ),
    *(
        Rule(f"{name!r} besides", {**GOOD, name: ""}, SPELLING)
        for name in [
            *("PYTHON_VERSION", ".python-version~", "PythonVersion.txt"),
            *("python_version/", "python/version.txt", "docs/python-version"),
        ]
    ),
]
