"""What Heroku and its Python buildpack check before anything is installed.

The rules, and the lines after `----->`, are those of the Python buildpack, v351 of
2026-08-18: https://github.com/heroku/heroku-buildpack-python (below: BP). The first
line of a refusal is the buildpack's, the explanation under it is ours. Only the
standard library is imported: git's hook runs this without this project's packages.
"""

import codecs
import os
import re
import subprocess
import tempfile
from pathlib import Path

from rehearsal.heroku.steps import (
    CannotPlay,
    Refused,
    last_build,
    note,
    refuse,
    run_hook,
    step,
    variables,
)

# BP lib/python_version.sh: the newest patch of each Python 3 that it installs
LATEST_PATCHES = {10: 21, 11: 16, 12: 14, 13: 15, 14: 7}
OLDEST, NEWEST, DEPRECATED = min(LATEST_PATCHES), max(LATEST_PATCHES), 10
DEFAULT_PYTHON = "3.14"
# Integers without leading zeros, and what the POSIX class [:space:] holds
VERSION = r"(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))?"
SPACE = " \t\n\v\f\r"

# BP lib/package_manager.sh
PACKAGE_MANAGERS = {
    "Pipfile.lock": "Pipenv",
    "requirements.txt": "pip",
    "poetry.lock": "Poetry",
    "uv.lock": "uv",
}
# BP bin/detect: what makes the push a Python app; a folder ends in /
PYTHON_FILES = [
    *PACKAGE_MANAGERS,
    *(".python-version", "runtime.txt", "Pipfile", "pyproject.toml", "pdm.lock"),
    *("setup.py", "setup.cfg", "manage.py", "app.py", "main.py", "server.py"),
    *("__init__.py", "__pycache__/", "venv/", ".venv/"),
    *("requirement.txt", "Requirements.txt", "requirements.text"),
    *("requirements.txt.txt", "requirments.txt"),  # codespell:ignore
]
# Heroku's buildpacks that come before Python's, and the file that each looks for:
# https://devcenter.heroku.com/articles/buildpacks, in a copy of 2017-09-12. Neither a
# newer copy nor the order of today was found.
EARLIER_LANGUAGES = {
    "Gemfile": "Ruby",
    "package.json": "Node.js",
    "project.clj": "Clojure",
}
# BP has a list of about twenty names, which was not found. These are of the kinds that
# https://github.com/heroku/heroku-buildpack-python/pull/1970 describes: a dot that is
# missing, another separator, an ending, a blank.
MISSPELT = {
    *("python-version", "python_version", "python.version", "pythonversion"),
    *(".python_version", ".python.version", ".pythonversion", ".Python-Version"),
    *(".python-version ", ".python-version.py", ".python-version.rtf"),
    *(".python-version.txt", ".python_version.txt", ".python.version.txt"),
    *("python-version.txt", "python_version.txt", "python.version.txt"),
    *(".python-versions", "python-versions", ".python-version.md"),
}


def check_stack(order: dict):
    """Fail the first build of an app on Heroku-22 on purpose, as since 2026-11-01.

    https://github.com/codebar/planner/issues/2640 quotes Heroku's notice.
    """
    if order.get("stack") != "heroku-22":
        return
    failed = Path(order["cache"]) / "heroku-22"
    if failed.exists():
        return
    failed.touch()
    raise Refused(
        "The Heroku-22 stack is deprecated.\n\n"
        "Since 1 November 2026 the first of an app's builds in 30 days fails; push\n"
        "again and it passes. From 1 May 2027 none does. Choose another stack:\n\n"
        "heroku stack:set heroku-24"
    )


def apply_slugignore(source: Path):
    """Delete what .slugignore names, as .gitignore does but without negation.

    https://devcenter.heroku.com/articles/slug-compiler#ignoring-files-with-slugignore
    """
    slugignore = source / ".slugignore"
    if not slugignore.is_file():
        return
    with tempfile.TemporaryDirectory() as folder:
        patterns = Path(folder, "patterns")
        lines = slugignore.read_bytes().splitlines(keepends=True)
        patterns.write_bytes(b"".join(x for x in lines if not x.startswith(b"!")))
        git = ["git", f"--git-dir={folder}", f"--work-tree={source}"]
        find = ["ls-files", "-z", "--others", "--ignored", f"--exclude-from={patterns}"]
        subprocess.run([*git, "init", "--quiet"], check=True)
        found = subprocess.run([*git, *find], cwd=source, capture_output=True)
    names = [name for name in os.fsdecode(found.stdout).split("\0") if name]
    for name in names:
        path = source / name
        path.unlink()
        while path.parent != source and not any(path.parent.iterdir()):
            path = path.parent
            path.rmdir()
    step(f"Deleting {len(names)} files matching .slugignore patterns.")


def detect(source: Path, buildpacks: list[str]):
    """BP bin/detect; the platform's own message when no buildpack fits."""
    others = [name for name in buildpacks if not name.endswith("heroku/python")]
    if others or len(buildpacks) > 1:
        raise CannotPlay(
            "The stand-in plays the Python buildpack only.\n\n"
            "On Heroku these would build the app:\n\n" + "\n".join(buildpacks)
        )
    for name, language in EARLIER_LANGUAGES.items():
        if not buildpacks and (source / name).is_file():
            raise CannotPlay(
                "The stand-in plays the Python buildpack only.\n\n"
                f"The top of the repository holds {name}, and Heroku looks for\n"
                f"{language} before it looks for Python (so Heroku's documentation of\n"
                "2017; no newer list was found). Say which buildpack is yours:\n\n"
                "heroku buildpacks:set heroku/python"
            )
    for name in PYTHON_FILES:
        path = source / name
        if path.is_dir() or (path.exists() and not name.endswith("/")):
            return
    if buildpacks:
        raise Refused(f"App not compatible with buildpack: {buildpacks[0]}")
    raise Refused(
        "No default language could be detected for this app.\n"
        "https://devcenter.heroku.com/articles/buildpacks"
    )


def check_no_python(source: Path):
    """BP lib/checks.sh: the place of the buildpack's own Python is free."""
    # Also a file of that name is in the way.
    if (source / ".heroku" / "python").exists():
        refuse(
            "Existing '.heroku/python/' directory found.",
            "The buildpack installs Python there. Take it out of git:\n\n"
            "git rm -r --cached .heroku/python",
        )


def check_package_manager(source: Path) -> str:
    """BP lib/package_manager.sh: exactly one file that names the packages."""
    found = [name for name in PACKAGE_MANAGERS if (source / name).is_file()]
    if (source / "Pipfile").is_file() and "Pipfile.lock" not in found:
        refuse(
            "No 'Pipfile.lock' found!",
            "Make it with pipenv lock, and commit it.\n"
            "If you do not use Pipenv, remove Pipfile from git.",
        )
    if len(found) > 1:
        refuse(
            "Multiple Python package manager files were found.",
            "Keep one of these and remove the others from git:\n\n"
            + "\n".join(f"{name} ({PACKAGE_MANAGERS[name]})" for name in found),
        )
    if not found and (source / "setup.py").is_file():
        refuse(
            "Implicit setup.py file support has been sunset.",
            "Add a requirements.txt that holds --editable . on a line of its own.",
        )
    if not found:
        names = sorted(p.name + "/" * p.is_dir() for p in source.iterdir())
        refuse(
            "Couldn't find any supported Python package manager files.",
            "There must be a requirements.txt (or Pipfile.lock, poetry.lock, uv.lock)\n"
            "at the top of the repository. The top of yours holds:\n\n"
            + "\n".join(names),
        )
    return PACKAGE_MANAGERS[found[0]]


def check_no_environment(source: Path):
    """BP lib/checks.sh: a committed environment, by the file venv puts into it."""
    for name in [".venv", "venv"]:
        if (source / name / "pyvenv.cfg").is_file():
            refuse(
                f"Existing '{name}/' directory found.",
                "A virtual environment works only where it was made. Take it out:\n\n"
                f"echo '{name}/' >> .gitignore\n"
                f"git rm -r --cached {name}\n"
                "git commit --all --message 'Remove the virtual environment'",
            )


def version_lines(path: Path) -> list[str]:
    """Return the lines of a version file that are neither blank nor comments.

    What is not UTF-8 makes a line wrong, not the file.
    """
    lines = path.read_bytes().decode(errors="replace").split("\n")
    lines = [line.strip(SPACE) for line in lines]
    return [line for line in lines if line and not line.startswith("#")]


def version_of_runtime_txt(path: Path) -> str:
    """BP lib/python_version.sh"""
    lines = version_lines(path)
    match = re.fullmatch(f"python-({VERSION})", "\n".join(lines))
    if not match:
        refuse(
            "Invalid Python version in runtime.txt.",
            f"Remove it and write e.g. {DEFAULT_PYTHON} into .python-version.",
        )
    return match[1]


def version_of_python_version(path: Path) -> str:
    """BP lib/python_version.sh, as of its pull requests 1958, 1962 and 1970"""
    marks = codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE
    if path.read_bytes().startswith(marks):
        refuse(
            "Unable to read .python-version.",
            "The file is not plain UTF-8. Windows PowerShell's `>` writes UTF-16;\n"
            "save it again as UTF-8 without a byte order mark.",
        )
    lines = version_lines(path)
    example = (
        f"The file must hold one version such as {DEFAULT_PYTHON}, without quotes and\n"
        "without 'python-'; comments stand on lines of their own."
    )
    if not lines:
        refuse("No Python version found in .python-version.", example)
    found = f"{example} Found:\n\n" + "\n".join(map(ascii, lines[:5]))
    if len(lines) > 1:
        refuse("Multiple Python versions found in .python-version.", found)
    if not re.fullmatch(VERSION, lines[0]):
        refuse("Invalid Python version in .python-version.", found)
    return lines[0]


def requested_python(source: Path, last: str | None) -> tuple[str, str]:
    """Return the version wanted, N.N or N.N.N, and where it comes from.

    BP lib/python_version.sh: runtime.txt, .python-version, the `last` build's (N.N.N,
    None if there was none), the default.
    """
    if (source / "runtime.txt").is_file():
        return version_of_runtime_txt(source / "runtime.txt"), "runtime.txt"
    for path in sorted(source.iterdir()):
        if path.name in MISSPELT and path.is_file():
            refuse(
                "Your .python-version file is spelled incorrectly.",
                f"Found {path.name!r}; the name must be '.python-version'.",
            )
    if (source / ".python-version").is_file():
        path = source / ".python-version"
        return version_of_python_version(path), ".python-version"
    if last:
        return last.rpartition(".")[0], "the last build"
    return DEFAULT_PYTHON, "the default"


def say_python(version: str, origin: str):
    """BP bin/compile"""
    if origin == "the last build":
        step(
            "No Python version was specified. Using the same major version as the last "
            f"build: Python {version}"
        )
    elif origin == "the default":
        step(
            "No Python version was specified. Using the buildpack default: "
            f"Python {version}"
        )
    else:
        step(f"Using Python {version} specified in {origin}")


def check_supported(version: str, origin: str):
    """BP lib/python_version.sh: neither past its end of life nor unknown."""
    major, minor = map(int, version.split(".")[:2])
    if (major, minor) < (3, OLDEST):
        refuse(
            "The requested Python version has reached end-of-life.",
            f"Python {major}.{minor} no longer gets security updates.\n"
            f"Write {DEFAULT_PYTHON} into .python-version"
            + (" and remove runtime.txt." if origin == "runtime.txt" else "."),
        )
    if (major, minor) > (3, NEWEST):
        refuse(
            "The requested Python version isn't recognised.",
            f"The newest that Heroku took on 18 August 2026 was Python 3.{NEWEST};\n"
            "the stand-in knows no later day. Heroku added 3.13 and 3.14 within days\n"
            "of their release, so it may take a newer one by now:\n"
            "https://devcenter.heroku.com/articles/python-support\n"
            f"For the stand-in, write 3.{NEWEST} into .python-version.",
        )


def check_origin(version: str, origin: str, package_manager: str):
    """BP lib/python_version.sh: the version is in .python-version; uv insists."""
    minor = ".".join(version.split(".")[:2])
    if origin == ".python-version":
        return
    if origin == "runtime.txt":
        if package_manager == "uv":
            refuse(
                "The runtime.txt file isn't supported when using uv.",
                f"Put {minor} into .python-version and remove runtime.txt.",
            )
        note(
            "Warning: The runtime.txt file is deprecated.\n\n"
            f"Put {minor} into a file .python-version and remove it."
        )
        return
    if package_manager == "uv":
        refuse(
            "No Python version was specified.",
            f"With uv, Heroku needs a file .python-version. It may hold {minor}.",
        )
    note(
        "Warning: No Python version was specified.\n\n"
        f"Write e.g. {minor} into a file .python-version."
    )


def check_patch(version: str, origin: str):
    """BP lib/python_version.sh and, for what cannot be downloaded, lib/python.sh"""
    _, minor, *patch = map(int, version.split("."))
    latest = LATEST_PATCHES[minor]
    if minor == DEPRECATED:
        note(
            f"Warning: Support for Python 3.{minor} is deprecated!\n\n"
            "It ends on 6 January 2027. Use a newer version."
        )
    if patch and patch[0] < latest:
        note(
            "Warning: A Python patch update is available!\n\n"
            f"The newest on 18 August 2026 was 3.{minor}.{latest}.\n"
            f"Write 3.{minor} into {origin}: each build then takes the newest."
        )
    if patch and patch[0] > latest:
        refuse(
            "The requested Python version isn't available.",
            f"The newest that Heroku had on 18 August 2026 was 3.{minor}.{latest};\n"
            "the stand-in knows no later day.\n"
            f"Write 3.{minor} into {origin}: each build then takes the newest.",
        )


def inspect(source: Path, order: dict | None = None) -> tuple[str, str]:
    """Check the pushed files in Heroku's order, up to the installation of Python.

    What .slugignore names is deleted and bin/pre_compile is run on the way. `order` is
    build's; without it, the app has no config vars and was never built.
    Returns package manager and Python, N.N or N.N.N. Raises Refused where Heroku does
    not go on, CannotPlay where only the stand-in does not.
    """
    order = order or {}
    check_stack(order)
    apply_slugignore(source)
    buildpacks = order.get("buildpacks", [])
    if buildpacks:
        step(f"Using buildpack: {buildpacks[0]}")
    else:
        step("Determining which buildpack to use for this app")
    detect(source, buildpacks)
    step("Python app detected")
    run_hook(source, "pre_compile", variables(source, order))
    check_no_python(source)
    package_manager = check_package_manager(source)
    check_no_environment(source)
    if package_manager not in ("pip", "uv"):
        raise CannotPlay(
            "The stand-in installs with pip and uv only, "
            f"not with {package_manager}.\n\n"
            f"Heroku has {package_manager}: what it would do from here on is unknown."
        )
    last = last_build(order.get("cache")).get("python")
    version, origin = requested_python(source, last)
    say_python(version, origin)
    check_supported(version, origin)
    check_origin(version, origin, package_manager)
    if (source / ".heroku").is_file():
        # https://github.com/heroku/heroku-buildpack-python/issues/1768
        raise Refused(
            "mkdir: cannot create directory '.heroku': Not a directory\n\n"
            "The buildpack installs into a folder .heroku; remove the file."
        )
    check_patch(version, origin)
    return package_manager, version
