"""What Heroku's Python buildpack does to the pushed files.

The steps, and the lines after `----->`, are those of the Python buildpack, v351 of
2026-08-18: https://github.com/heroku/heroku-buildpack-python (below: BP). Only the
standard library is imported: git's hook runs this without this project's packages.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from docs._extensions.facts import FACTS
from rehearsal.heroku.inspection import inspect
from rehearsal.heroku.steps import (
    LAST_LINES,
    CannotPlay,
    Refused,
    indent,
    last_build,
    note,
    refuse,
    remember_build,
    run,
    run_hook,
    step,
    variables,
)

__all__ = ["CannotPlay", "Refused", "build", "find_python", "inspect", "note"]

SLUG_LIMIT = FACTS["slug-limit"].megabytes

# What pip and uv install from: unchanged, a build reuses what is installed
INSTALLED_FROM = {"pip": ["requirements.txt"], "uv": ["pyproject.toml", "uv.lock"]}


def find_uv() -> str | None:
    """Return the PyPI package's program beside this Python, or else the one on PATH."""
    beside = Path(sys.executable).parent
    return shutil.which("uv", path=f"{beside}:{os.environ['PATH']}")


def find_python(version: str) -> Path | None:
    """Return an interpreter N.N of this machine: on PATH, pyenv's or uv's; or None.

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
    if uv := find_uv():
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


def release(python: Path) -> str:
    """Return the interpreter's version, N.N.N."""
    program = "import platform; print(platform.python_version())"
    result = subprocess.run(
        [python, "-c", program], capture_output=True, text=True, check=True
    )
    return result.stdout.strip()


def digest(*contents: bytes) -> str:
    return hashlib.sha256(b"\0".join(contents)).hexdigest()[:16]


def restore_cache(before: dict, now: dict) -> bool:
    """BP lib/cache.sh: say why the last build is of no use, if so; return if it is."""
    if not before:
        return False
    reasons = [
        f"The {words} has changed from {before[name]} to {now[name]}"
        for name, words in [
            ("stack", "stack"),
            ("python", "Python version"),
            ("package manager", "package manager"),
        ]
        if before[name] != now[name]
    ]
    # `uv sync` itself removes what is no longer locked.
    if "requirements" in before and before["requirements"] != now.get("requirements"):
        if before["package manager"] == now["package manager"]:
            reasons.append("The contents of requirements.txt changed")
    if reasons:
        step("Discarding cache since:")
        for reason in reasons:
            indent(f"- {reason}")
        return False
    step("Restoring cache")
    return True


# In requirements.txt: another file, a folder or an address, which may have changed.
ELSEWHERE = re.compile(r"^\s*[-.]|[/\\]", re.MULTILINE)


def pip_install(environment: Path, source: Path, order: dict):
    """BP lib/pip.sh

    Of packages that are there pip says each time the same, for a second of work: from
    the second time on, this says it.
    """
    step("Installing dependencies using 'pip install -r requirements.txt'")
    said = environment / "satisfied"
    if said.is_file():
        for line in said.read_text().splitlines():
            indent(line)
        return
    complete = (environment / "complete").is_file()
    # ensurepip takes 5 s: the pip of this Python installs into the other one.
    pip = [sys.executable, "-I", "-m", "pip", "--python", environment / "bin/python"]
    arguments = ["install", "--progress-bar", "off", "-r", "requirements.txt"]
    status, output = run([*pip, *arguments], order["pip"], source, kept=None)
    if status:
        ending = "\n".join(output.splitlines()[-LAST_LINES:])
        refuse(
            "Unable to install dependencies using pip.",
            f"pip's last lines were:\n\n{ending}",
        )
    text = (source / "requirements.txt").read_text(errors="replace")
    if complete and not ELSEWHERE.search(text):
        said.write_text(output)


def uv_sync(environment: Path, source: Path, order: dict, version: str, restored: bool):
    """BP lib/uv.sh: exactly what uv.lock names, without the groups for development.

    version: what the project wants, N.N or N.N.N. Where this machine has another one,
    uv is told so: else it would look for the one that .python-version names.
    """
    uv = find_uv()
    if uv is None:
        raise CannotPlay("The stand-in has no uv: install it beside its Python.")
    known = subprocess.run([uv, "--version"], capture_output=True, text=True)
    how = "Using cached" if restored else "Installing"
    step(f"{how} uv {known.stdout.split()[1]}")
    arguments = ["sync", "--locked", "--no-default-groups"]
    step(f"Installing dependencies using 'uv {' '.join(arguments)}'")
    interpreter = environment / "bin" / "python"
    seen = {
        **order["pip"],
        "UV_PROJECT_ENVIRONMENT": str(environment),
        "UV_PYTHON_DOWNLOADS": "never",
    }
    if not f"{release(interpreter)}.".startswith(f"{version}."):
        seen["UV_PYTHON"] = str(interpreter)
    options = ["--color", "never", "--compile-bytecode", "--no-progress"]
    status, ending = run([uv, *arguments, *options], seen, source)
    if status:
        refuse(
            "Unable to install dependencies using uv.",
            f"uv's last lines were:\n\n{ending}",
        )


def relocate(environment: Path, source: Path):
    """Let what is installed in editable mode be found in HOME, where a dyno has it.

    BP rewrites these paths when a dyno starts. Here one environment serves all dynos,
    each with its files in a folder of its own.
    """
    home = "__import__('os').path.expanduser('~') + "
    for path in environment.glob("lib/python*/site-packages/*"):
        if not re.fullmatch(r".+\.pth|__editable__.+\.py", path.name):
            continue
        before = text = path.read_text()
        for place in {str(source), str(source.resolve())}:
            if path.suffix == ".pth":
                text = re.sub(
                    f"(?m)^{re.escape(place)}(.*)$",
                    lambda match: f"import sys; sys.path.append({home}{match[1]!r})",
                    text,
                )
            else:
                text = re.sub(f"(['\"]){re.escape(place)}", rf"{home}\1", text)
        if text != before:
            path.write_text(text)


def place(cache: Path, source: Path, package_manager: str, python: Path) -> Path:
    """Where the app's packages are installed for this Python; made if need be.

    The name holds the hash of what is installed from: a build that changes nothing
    finds its packages, and so does the slug of an earlier release after a rollback.
    """
    files = [source / name for name in INSTALLED_FROM[package_manager]]
    contents = [path.read_bytes() if path.is_file() else b"" for path in files]
    environment = cache / f"python-{digest(str(python).encode(), *contents)}"
    if not (environment / "complete").is_file():
        create = [python, "-m", "venv", "--clear", "--without-pip", environment]
        subprocess.run(create, check=True)
    return environment


def install(source: Path, order: dict, package_manager: str, version: str):
    """Install Python and the app's packages.

    Returns the environment's folder, and what the next build's cache depends on.
    """
    cache = Path(order["cache"])
    python = find_python(version)
    missing = python is None
    python = python or Path(sys.executable)
    made = {
        "stack": order["stack"],
        "python": release(python),
        "package manager": package_manager,
    }
    if package_manager == "pip":
        made["requirements"] = digest((source / "requirements.txt").read_bytes())
    restored = restore_cache(last_build(cache), made)
    how = "Using cached install of" if restored else "Installing"
    step(f"{how} Python {made['python']}")
    if missing and not restored:
        note(f"Python {version} is not on this machine; the stand-in takes this one.")
    environment = place(cache, source, package_manager, python)
    if package_manager == "pip":
        pip_install(environment, source, order)
    else:
        uv_sync(environment, source, order, version, restored)
    (environment / "complete").touch()
    relocate(environment, source)
    return environment, made


def collect_static(source: Path, environment: Path, seen: dict):
    """BP bin/steps/collectstatic"""
    if seen.get("DISABLE_COLLECTSTATIC", "0") not in ("", "0"):
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
    command = ["python", managers[0].relative_to(source), "collectstatic", "--noinput"]
    words = " ".join(map(str, command))
    step(f"$ {words}")
    # Where the app has no PYTHONPATH of its own, it is the top of the repository.
    seen = {"PYTHONPATH": ".", **seen}
    status, ending = run([*command, "--traceback"], seen, source)
    if status:
        refuse(
            "Unable to generate Django static files.",
            f"'{words}' failed. Its last lines were:\n\n{ending}\n\n"
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
    """Turn the pushed files into a slug; raise Refused where Heroku would.

    `order` is what the platform tells:

    - stack, config (config vars), buildpacks (those set, none by default);
    - environment: the variables that Heroku sets in a build (DYNO, STACK, ...);
    - cache: a folder that this app's builds share;
    - pip: the whole environment of pip and uv;
    - slug_limit: MB, Heroku's own by default.

    Returns the slug's process types, environment (a folder) and size in MB.
    """
    step(f"Building on the {order['stack'].capitalize()} stack")
    package_manager, version = inspect(source, order)
    environment, made = install(source, order, package_manager, version)
    seen = variables(source, order)
    seen["PATH"] = f"{environment / 'bin'}:{seen['PATH']}"
    collect_static(source, environment, seen)
    run_hook(source, "post_compile", seen)
    step("Saving cache")
    remember_build(Path(order["cache"]), made)
    print(flush=True)
    types = process_types(source)
    step("Compressing...")
    megabytes = size(source) + size(environment)
    limit = order.get("slug_limit", SLUG_LIMIT)
    if megabytes > limit:
        raise Refused(
            f"Compiled slug size: {megabytes:.0f}M is too large (max is {limit}M)."
        )
    indent(f"Done: {megabytes:.1f}M")
    return {"types": types, "environment": str(environment), "size": megabytes}
