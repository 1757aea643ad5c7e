"""The reader's project: what `startproject` wrote, changed by listing after listing.

A page says what to do with a listing (docs/index.rst, "How to read a page"): it
replaces the settings that the file has already, and what is new goes below the part
that stands before it in the listing. A diff says which lines go and which come. At the
end the project must equal example/; another project, of which the pages say what to do
"In your own project", has the example's files where they are the same for all.
"""

import ast
import difflib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from rehearsal.script import Command, Diff, Listing, Printed, Whose
from tools.tracked import ROOT, tracked

EXAMPLE = ROOT / "example"

# What a reader downloads, made while the pages are built, and the folders in it.
DOWNLOADS = ROOT / "build" / "downloads"
START = "staff-calibration"
FINISHED = "staff-calibration-finished"

# The files that decide the deployment. The pages show every line of them.
DEPLOYABLE = (
    "staff/settings.py",
    "Procfile",
    "gunicorn.conf.py",
    "requirements.txt",
    ".python-version",
    ".gitignore",
    ".env.example",
)

# What only a page of operate/ adds: the project begins without it.
ADDED_LATER = (
    ".github/workflows/deploy.yaml",
    "kubernetes/clean-up.yaml",
    "kubernetes/release.yaml",
    "kubernetes/web.yaml",
)

# The parts of settings.py that no page shows, with the reason. The project has them
# before the first page.
WRITTEN_BY_STARTPROJECT = "startproject wrote it, and it needs no change"
APP_OWNED = {
    "INSTALLED_APPS": "names the app's own parts",
    "ROOT_URLCONF": WRITTEN_BY_STARTPROJECT,
    "TEMPLATES": "adds the folder of the app's shared pages",
    "WSGI_APPLICATION": WRITTEN_BY_STARTPROJECT,
    "AUTH_PASSWORD_VALIDATORS": WRITTEN_BY_STARTPROJECT,
    "AUTH_USER_MODEL": "is the app's own user",
    "LOGIN_URL": "is a page of the app",
    "LOGIN_REDIRECT_URL": "is a page of the app",
    "LOGOUT_REDIRECT_URL": "is a page of the app",
    "AUTHENTICATION_BACKENDS": "limits the log-ins of the app",
    "AXES_": "limits the log-ins of the app",
    "SILENCED_SYSTEM_CHECKS": "belongs to the limit on log-ins",
    "CONTENT_SECURITY_POLICY": "says what the app's pages load",
    "FILE_UPLOAD_HANDLERS": "limits what the app's forms take",
    "DATA_UPLOAD_MAX_NUMBER_FILES": "limits what the app's forms take",
    "LANGUAGE_CODE": "is the app's language",
    "TIME_ZONE": "is where the app's range lies",
    "USE_I18N": WRITTEN_BY_STARTPROJECT,
    "USE_TZ": WRITTEN_BY_STARTPROJECT,
    "DEFAULT_AUTO_FIELD": WRITTEN_BY_STARTPROJECT,
}


@dataclass(frozen=True)
class Project:
    """What the pages make of a reader's project.

    `write_start` puts what the reader has before the first page into the reader's home;
    there, in its folder `opens_in`, the reader opens the terminal. `whose` blocks of a
    page, beside those of both projects, are performed. `instead` has patterns of what
    the pages say of the example, and what this project has instead. In the end the
    project's `deployable` files equal those in the folder `finished`.
    """

    finished: Path
    deployable: tuple[str, ...]
    write_start: Callable[[Path], None]
    opens_in: str = "."
    whose: Whose = Whose.EXAMPLE
    instead: dict[str, str] = field(default_factory=dict)

    def has(self, block: Command | Listing | Diff | Printed) -> bool:
        """Say whether this project performs a block of a page."""
        return block.whose in (Whose.BOTH, self.whose)

    def with_own_names(self, block: Command | Listing | Diff):
        """Return a block of a page with what this project has instead."""
        texts = {
            name: getattr(block, name)
            for name in ("path", "text", "output")
            if hasattr(block, name)
        }
        for pattern, own in self.instead.items():
            texts = {name: re.sub(pattern, own, text) for name, text in texts.items()}
        return replace(block, **texts)


def is_app_owned(key: str) -> bool:
    """Say whether APP_OWNED names a part; a name with _ at its end is a prefix."""
    return key in APP_OWNED or any(
        key.startswith(name) for name in APP_OWNED if name.endswith("_")
    )


def write_starting_project(folder: Path) -> None:
    """Write the project as it is before the first page into `folder`.

    The app's files but the deployable ones and those of ADDED_LATER; of the deployable
    ones only settings.py is there, as `django-admin startproject` writes it, with the
    settings that belong to the app.
    """
    for file in tracked(EXAMPLE):
        name = file.relative_to(EXAMPLE)
        if name.as_posix() not in DEPLOYABLE + ADDED_LATER:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, folder / name)
    settings = merge(written_by_startproject(), starting_settings())
    (folder / "staff" / "settings.py").write_text(settings)


def written_by_startproject() -> str:
    """Return the settings.py of `django-admin startproject staff`.

    Its secret key is a fixed one: everybody can download it.
    """
    with tempfile.TemporaryDirectory() as folder:
        run = [sys.executable, "-m", "django", "startproject", "staff", folder]
        subprocess.run(run, check=True)
        written = Path(folder, "staff", "settings.py").read_text()
    return re.sub(r"(django-insecure-)[^']*", r"\1everybody-can-read-this-key", written)


def copy_downloads(home: Path) -> None:
    """Put into `home` what the reader downloads from the built pages."""
    for name in (START, FINISHED):
        shutil.copy(DOWNLOADS / f"{name}.zip", home)


def starting_settings() -> str:
    """Return the app's own part of settings.py.

    MIDDLEWARE is a page's, but the app cannot start without its own middleware; the
    page adds WhiteNoise.
    """
    parts = blocks((EXAMPLE / "staff" / "settings.py").read_text())
    return "".join(
        re.sub(r'^ *"whitenoise.*\n', "", text, flags=re.MULTILINE)
        for key, text in parts.items()
        if is_app_owned(key) or key == "MIDDLEWARE"
    )


def apply(project: Path, path: str, listing: str) -> None:
    """Apply a listing to the file `path` of the project, as the guide tells.

    Raises SyntaxError if the listing or the file is not Python where it must be.
    """
    file = project / path
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.read_text() if file.exists() else ""
    if file.suffix == ".py":
        file.write_text(merge(before, listing))
    else:
        file.write_text(merge_lines(before, listing))


def merge_lines(text: str, listing: str) -> str:
    """Return a text with the listing's lines in place of those of the same name.

    What is new goes to the end, a group with a comment below a blank line.
    """
    lines, new = text.splitlines(), []
    place = {name_of_line(line): number for number, line in enumerate(lines)}
    for line in listing.splitlines():
        if (name := name_of_line(line)) and name in place:
            lines[place[name]] = line
        else:
            new.append(line)
    if any(map(name_of_line, new)):
        lines += ["", *new] if lines and listing.startswith("#") else new
    return "\n".join(lines).rstrip() + "\n"


def name_of_line(line: str) -> str:
    """Return a variable's, process type's or package's name; "" for a comment."""
    return re.match(r"[\w./*-]*", line)[0]


def apply_diff(project: Path, diff: Diff) -> None:
    """Change the lines of a file as a diff says.

    Raises ValueError unless the file has the lines that it speaks of exactly once.
    """
    file = project / diff.path
    lines = file.read_text().splitlines() if file.exists() else []
    before, size = diff.before, len(diff.before)
    found = [n for n in range(len(lines)) if lines[n : n + size] == before]
    if len(found) != 1:
        missing = [f"It has no line {each!r}." for each in before if each not in lines]
        times = (
            f"{diff.path} has these lines {len(found)} times, and must have them once:"
        )
        advice = (
            "Write in the diff what the file has at that page, and enough to find it."
        )
        raise ValueError("\n".join([times, *before, *missing[:1], advice]))
    [first] = found
    lines[first : first + size] = diff.after
    file.write_text("".join(f"{each}\n" for each in lines))


def merge(module: str, listing: str) -> str:
    """Return a module with the listing's parts in place of its own.

    A part that the module lacks goes below the one before it in the listing, or to
    the end of the module.
    """
    parts = blocks(module)
    keys = list(parts)
    above = None
    for key, text in blocks(listing).items():
        if above is None:
            # No page shows the blank lines above a listing.
            replaced = parts.get(key, "\n" if parts else "")
            text = replaced[: blank_lines(replaced)] + text[blank_lines(text) :]
        if key not in parts:
            keys.insert(keys.index(above) + 1 if above else len(keys), key)
        parts[key] = text
        above = key
    return "".join(parts[key] for key in keys)


def blocks(module: str) -> dict[str, str]:
    """Return the top-level statements of a module by the name they define.

    Each comes with the lines above it and ends with a line break. A statement that
    defines no name is known by its first line.
    """
    lines = module.splitlines(keepends=True)
    found, start = {}, 0
    for statement in ast.parse(module).body:
        text = "".join(lines[start : statement.end_lineno])
        found[name_of(statement)] = text.removesuffix("\n") + "\n"
        start = statement.end_lineno
    return found


def blank_lines(text: str) -> int:
    """Return how many line breaks a text begins with."""
    return len(text) - len(text.lstrip("\n"))


def name_of(statement: ast.stmt) -> str:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
        case ast.Expr(value=ast.Constant(value=str())):
            return "docstring"
        case _:
            return ast.unparse(statement).splitlines()[0]


def differences(folder: Path, project: Project) -> str:
    """Return a diff of the deployable files in a folder against the finished ones.

    It is "" if they are equal. Blank lines, and the quotes that startproject writes, do
    not count.
    """
    return "\n".join(
        each
        for name in project.deployable
        for each in difflib.unified_diff(
            normal(folder / name),
            normal(project.finished / name),
            f"the listings' {name}",
            f"{project.finished.name}/{name}",
            lineterm="",
        )
    )


def normal(file: Path) -> list[str]:
    """Return the lines that count; a missing file has none."""
    text = file.read_text() if file.exists() else ""
    if file.suffix == ".py":
        text = text.replace("'", '"')
    return [line.rstrip() for line in text.splitlines() if line.strip()]


STAFF_CALIBRATION = Project(EXAMPLE, DEPLOYABLE, copy_downloads)
