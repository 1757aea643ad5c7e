"""What Heroku's Python buildpack does to the pushed files: its rules and its lines.

The rules, and the lines after `----->`, are those of the Python buildpack, v351:
https://github.com/heroku/heroku-buildpack-python (below: BP). The first line of a
refusal is the buildpack's, the explanation under it is ours. Only the standard library
is imported: git's hook runs this without this project's packages.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

DEFAULT_PYTHON = "3.14"
OLDEST_PYTHON, NEWEST_PYTHON = (3, 10), (3, 14)  # BP lib/python_version.sh
DEPRECATED_PYTHON = (3, 10)
SLUG_LIMIT = 1000  # MB, "max is 1000M" in a failed build of September 2026

# BP lib/package_manager.sh
PACKAGE_MANAGERS = {
    "requirements.txt": "pip",
    "Pipfile.lock": "pipenv",
    "poetry.lock": "poetry",
    "uv.lock": "uv",
}
# BP bin/detect: files that make the push a Python app
PYTHON_FILES = [
    *PACKAGE_MANAGERS,
    *(".python-version", "runtime.txt", "Pipfile", "pyproject.toml", "pdm.lock"),
    *("setup.py", "setup.cfg", "manage.py", "app.py", "main.py", "server.py"),
]


class Refused(Exception):
    """A build that the buildpack does not go on with; its text is for the reader."""


class CannotPlay(Refused):
    """A build that Heroku may well go on with, but the stand-in cannot."""


def step(text: str):
    print(f"-----> {text}", flush=True)


def indent(text: str):
    print(f"       {text}", flush=True)


def note(text: str):
    """A warning or an error, as the platform marks them."""
    print(flush=True)
    for line in text.splitlines():
        print(f" !     {line}".rstrip(), flush=True)
    print(flush=True)


def refuse(first_line: str, explanation: str):
    raise Refused(f"Error: {first_line}\n\n{explanation}")


def detect(source: Path):
    """BP bin/detect; the platform's own message when no buildpack fits."""
    if not any((source / name).is_file() for name in PYTHON_FILES):
        raise Refused(
            "No default language could be detected for this app.\n"
            "https://devcenter.heroku.com/articles/buildpacks"
        )


def check_package_manager(source: Path) -> str:
    """BP lib/package_manager.sh: exactly one file that names the packages."""
    found = [name for name in PACKAGE_MANAGERS if (source / name).is_file()]
    if not found:
        names = sorted(p.name + "/" * p.is_dir() for p in source.iterdir())
        refuse(
            "Couldn't find any supported Python package manager files.",
            "There must be a requirements.txt (or Pipfile.lock, poetry.lock, uv.lock)\n"
            "at the top of the repository. The top of yours holds:\n\n"
            + "\n".join(names),
        )
    if len(found) > 1:
        refuse(
            "Multiple Python package manager files were found.",
            "Keep one of these and remove the others from git:\n\n"
            + "\n".join(f"{name} ({PACKAGE_MANAGERS[name]})" for name in found),
        )
    return PACKAGE_MANAGERS[found[0]]


def check_no_environment(source: Path):
    """BP lib/checks.sh: a committed environment, by the file venv puts into it."""
    for name in ["venv", ".venv"]:
        if (source / name / "pyvenv.cfg").is_file():
            refuse(
                f"Existing '{name}/' directory found.",
                "A virtual environment works only where it was made. Take it out:\n\n"
                f"echo '{name}/' >> .gitignore\n"
                f"git rm -r --cached {name}\n"
                "git commit --all --message 'Remove the virtual environment'",
            )


def read_text(path: Path) -> str:
    """BP lib/python_version.sh: UTF-8 without a byte order mark."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    if text is None or "\0" in text or text.startswith("\ufeff"):
        refuse(
            f"Unable to read {path.name}.",
            "The file is not plain UTF-8. Windows PowerShell's `>` writes UTF-16;\n"
            "save it again as UTF-8 without a byte order mark.",
        )
    return text


def requested_python(source: Path, package_manager: str) -> tuple[str, str | None]:
    """The version wanted, N.N or N.N.N, and the file that says so (None: no file).

    BP lib/python_version.sh: runtime.txt before .python-version before the default.
    """
    runtime, version_file = source / "runtime.txt", source / ".python-version"
    if runtime.is_file():
        if package_manager == "uv":
            refuse(
                "The runtime.txt file isn't supported when using uv.",
                "Put the version into .python-version and remove runtime.txt.",
            )
        match = re.fullmatch(r"\s*python-(\d+\.\d+(\.\d+)?)\s*", read_text(runtime))
        if not match:
            refuse(
                "Invalid Python version in runtime.txt.",
                f"Remove it and write e.g. {DEFAULT_PYTHON} into .python-version.",
            )
        return match[1], "runtime.txt"
    if not version_file.is_file():
        # BP lists twenty misspellings; this takes any of their kind.
        for path in source.iterdir():
            plain = path.name.lower().removesuffix(".txt")
            if re.sub(r"[^a-z]", "", plain) == "pythonversion":
                refuse(
                    "Your .python-version file is spelled incorrectly.",
                    f"Found {path.name!r}; the name must be '.python-version'.",
                )
        if package_manager == "uv":
            refuse(
                "No Python version was specified.",
                "With uv, Heroku needs a .python-version file.",
            )
        return DEFAULT_PYTHON, None
    lines = [line.strip() for line in read_text(version_file).splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if len(lines) != 1 or not re.fullmatch(r"\d+\.\d+(\.\d+)?", lines[0]):
        found = "\n".join(lines) or "(nothing)"
        refuse(
            "Invalid Python version in .python-version.",
            f"The file must hold one version such as {DEFAULT_PYTHON}, without quotes\n"
            f"and without 'python-'; comments stand on lines of their own. Found:\n\n"
            f"{found}",
        )
    return lines[0], ".python-version"


def check_python(version: str, origin: str | None):
    """BP lib/python_version.sh: neither past its end of life nor unknown."""
    minor = tuple(int(part) for part in version.split(".")[:2])
    if minor < OLDEST_PYTHON:
        refuse(
            "The requested Python version has reached end-of-life.",
            f"Python {minor[0]}.{minor[1]} no longer gets security updates.\n"
            f"Write {DEFAULT_PYTHON} into .python-version"
            + (" and remove runtime.txt." if origin == "runtime.txt" else "."),
        )
    if minor > NEWEST_PYTHON:
        refuse(
            "The requested Python version isn't recognised.",
            f"Python {minor[0]}.{minor[1]} is unknown here; "
            f"write {DEFAULT_PYTHON} into .python-version.",
        )
    if minor == DEPRECATED_PYTHON:
        note("Warning: Support for Python 3.10 is ending soon.\n\nUse a newer version.")
    if origin == "runtime.txt":
        note(
            "Warning: The runtime.txt file is deprecated.\n\n"
            f"Put {minor[0]}.{minor[1]} into a file .python-version and remove it."
        )
    if origin is None:
        note(
            "Warning: No Python version was specified.\n\n"
            f"Write e.g. {DEFAULT_PYTHON} into a file .python-version."
        )


def find_python(version: str) -> Path | None:
    """An interpreter N.N on this machine: on PATH, pyenv's or uv's; None if none.

    The patch level is whatever is there: Heroku has the exact one, a laptop has not.
    """
    minor = ".".join(version.split(".")[:2])
    if f"{sys.version_info.major}.{sys.version_info.minor}" == minor:
        return Path(sys.executable)
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = [
        *sorted(root.glob(f"versions/{minor}.*/bin/python{minor}"), reverse=True),
        shutil.which(f"python{minor}"),
    ]
    if uv := shutil.which("uv"):
        result = subprocess.run(
            [uv, "python", "find", minor],
            env={**os.environ, "UV_PYTHON_DOWNLOADS": "never"},
            capture_output=True,
            text=True,
            cwd="/",
        )
        found.append(result.stdout.strip())
    for path in filter(None, found):
        # pyenv's shim is on PATH even when the version it stands for is not there.
        if subprocess.run([path, "-c", ""], capture_output=True).returncode == 0:
            return Path(path)
    return None


def run(command: list, environment: dict, source: Path) -> int:
    """Run a command, its output indented line by line; return its exit status."""
    process = subprocess.Popen(
        command,
        cwd=source,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    for line in process.stdout:
        if line.strip():
            indent(line.rstrip())
    return process.wait()


def install(python: Path, source: Path, cache: Path, pip_environment: dict) -> Path:
    """pip install into an environment that is kept while requirements.txt is the same.

    Returns the environment's folder. Its name holds the hash of what it was made of,
    so that the slug of an earlier release, after a rollback, still finds its own.
    """
    requirements = (source / "requirements.txt").read_bytes()
    digest = hashlib.sha256(str(python).encode() + requirements).hexdigest()[:16]
    environment = cache / f"python-{digest}"
    complete = environment / "complete"
    release = subprocess.run(
        [python, "-c", "import platform; print(platform.python_version())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    if complete.is_file():
        step("Restoring cache")
        step(f"Using cached install of Python {release}")
    else:
        if any(cache.iterdir()):
            step("Discarding cache since:")
            indent("- The contents of requirements.txt changed")
        step(f"Installing Python {release}")
        # Without pip: the one that installs runs with --python; ensurepip takes 5 s.
        subprocess.run(
            [python, "-m", "venv", "--clear", "--without-pip", environment], check=True
        )
    step("Installing dependencies using 'pip install -r requirements.txt'")
    interpreter = environment / "bin" / "python"
    pip = [sys.executable, "-I", "-m", "pip", "--python", interpreter]
    arguments = ["install", "--progress-bar", "off", "-r", "requirements.txt"]
    if run([*pip, *arguments], pip_environment, source):
        refuse(
            "Unable to install dependencies using pip.",
            "pip's own message stands above.",
        )
    complete.touch()
    return environment


def collect_static(source: Path, environment: Path, config: dict):
    """BP bin/steps/collectstatic: with the config vars, but no PORT and no DYNO."""
    if config.get("DISABLE_COLLECTSTATIC", "0") not in ("", "0"):
        step(
            "Skipping Django collectstatic since the env var DISABLE_COLLECTSTATIC "
            "is set."
        )
        return
    python = environment / "bin" / "python"
    find = (
        "import importlib.util, sys; sys.exit(not importlib.util.find_spec('django'))"
    )
    if subprocess.run([python, "-I", "-c", find]).returncode:
        return
    managers = [
        path
        for depth in ("", "*/", "*/*/")
        for path in source.glob(depth + "manage.py")
    ]
    if not managers:
        step("Skipping Django collectstatic since no manage.py file found.")
        return
    manager = managers[0].relative_to(source)
    step(f"$ python {manager} collectstatic --noinput")
    variables = {
        "LANG": "C.UTF-8",
        "HOME": str(source),
        "PYTHONPATH": ".",
        "PYTHONUNBUFFERED": "1",
        **config,
        "PATH": f"{environment / 'bin'}:{os.environ['PATH']}",
    }
    if run(
        ["python", manager, "collectstatic", "--noinput", "--traceback"],
        variables,
        source,
    ):
        refuse(
            "Unable to generate Django static files.",
            f"'python {manager} collectstatic --noinput' failed; the traceback above\n"
            "tells why.\n\n"
            "https://devcenter.heroku.com/articles/django-assets",
        )
    print(flush=True)


def process_types(source: Path) -> dict[str, str]:
    """DC: https://devcenter.heroku.com/articles/procfile#procfile-format"""
    procfile = source / "Procfile"
    text = procfile.read_text(errors="replace") if procfile.is_file() else ""
    types = dict(re.findall(r"(?m)^([A-Za-z0-9_-]+):[ \t]*(\S.*?)[ \t]*$", text))
    step("Discovering process types")
    if types:
        indent(f"Procfile declares types -> {', '.join(sorted(types))}")
    else:
        indent("Procfile declares types -> (none)")
    print(flush=True)
    return types


def size(folder: Path) -> float:
    """Megabytes (10^6 bytes) of the files in a folder, not compressed."""
    files = (Path(top, name) for top, _, names in os.walk(folder) for name in names)
    return sum(path.lstat().st_size for path in files) / 1e6


def build(source: Path, order: dict) -> dict:
    """Turn the pushed files into a slug; raise Refused where the buildpack would.

    `order` is what the platform tells: config, stack, cache, pip (environment).
    Returns the slug's process types, environment, size in MB and Python.
    """
    step(f"Building on the {order['stack'].capitalize()} stack")
    step("Determining which buildpack to use for this app")
    detect(source)
    step("Python app detected")
    package_manager = check_package_manager(source)
    check_no_environment(source)
    version, origin = requested_python(source, package_manager)
    if origin:
        step(f"Using Python {version} specified in {origin}")
    else:
        step(f"Using Python {version}, the default version")
    check_python(version, origin)
    if package_manager != "pip":
        raise Refused(f"The stand-in installs with pip only, not {package_manager}.")
    python = find_python(version)
    python_note = ""
    if python is None:
        python = Path(sys.executable)
        python_note = (
            f"Python {version} is not on this machine: the rehearsal builds with "
            f"Python {sys.version_info.major}.{sys.version_info.minor}."
        )
        note(python_note)
    cache = Path(order["cache"])
    environment = install(python, source, cache, order["pip"])
    collect_static(source, environment, order["config"])
    step("Saving cache")
    print(flush=True)
    types = process_types(source)
    step("Compressing...")
    megabytes = size(source) + size(environment)
    if megabytes > SLUG_LIMIT:
        raise Refused(
            f"Compiled slug size: {megabytes:.0f}M is too large (max is {SLUG_LIMIT}M)."
        )
    indent(f"Done: {megabytes:.1f}M")
    return {
        "types": types,
        "environment": str(environment),
        "size": megabytes,
        "python_note": python_note,
    }
