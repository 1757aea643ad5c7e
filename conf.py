"""Sphinx configuration: https://www.sphinx-doc.org/en/master/usage/configuration.html

Paths here start at the top level of the repository, paths in pages at docs/.
"""

import json
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent
sys.path += [str(ROOT), str(ROOT / "docs" / "_extensions")]

from rehearsal.record import read_record  # noqa: E402

# Project ---------------------------------------------------------------------
# https://www.sphinx-doc.org/en/master/usage/configuration.html#project-information

project = "Deploying the Staff Calibration App on Heroku"
author = "The Staff Calibration App contributors"
copyright = "2026, " + author
language = "en-GB"

# Versions --------------------------------------------------------------------
# https://www.sphinx-doc.org/en/master/usage/configuration.html#confval-rst_prolog


def lower_bound(package):
    """Return the series of a package that the example asks for, such as 5.2.

    Raises AttributeError when example/requirements.txt does not bound the package.
    """
    requirements = (ROOT / "example" / "requirements.txt").read_text()
    line = re.search(rf"^{package}(\[.*\])?>=(\d+\.\d+)", requirements, re.MULTILINE)
    return line.group(2)


versions = {
    "python": (ROOT / "example" / ".python-version").read_text().strip(),
    "cli": json.loads((ROOT / "rehearsal" / "package.json").read_text())[
        "dependencies"
    ]["heroku"],
    **{
        package: lower_bound(package)
        for package in ("django", "gunicorn", "psycopg", "whitenoise")
    },
}

record = read_record()
versions |= {
    "rehearsed-on": record.get("date", "not yet"),
    "rehearsed-commands": sum(
        page["commands"] for page in record.get("pages", {}).values()
    ),
    "rehearsed-with": ", ".join(
        f"{name} {version}" for name, version in record.get("versions", {}).items()
    )
    or "nothing",
}

# |app| is the reader's: the page's only text that a reader changes.
rst_prolog = """
.. role:: app
.. |app| replace:: :app:`my-staff-calibration`
""" + "".join(
    f".. |{name}| replace:: {version}\n" for name, version in versions.items()
)

# General ---------------------------------------------------------------------
# https://www.sphinx-doc.org/en/master/usage/configuration.html#general-configuration

extensions = [
    "console_blocks",
    "listings",
    "overview",
    "page_markup",
    "rehearsal.record",
    "sphinx_copybutton",
]
exclude_patterns = ["_*"]
nitpicky = True
highlight_language = "none"

# HTML ------------------------------------------------------------------------
# https://www.sphinx-doc.org/en/master/usage/configuration.html#options-for-html-output

html_theme = "staff_guide"
html_theme_path = ["docs/_theme"]
html_title = project
html_short_title = "Staff Calibration App on Heroku"
html_js_files = ["staff_guide.js"]
html_favicon = "docs/pictures/favicon.svg"
# The example's system checks link to the guide: its address stands there.
html_baseurl = re.search(
    r'^GUIDE = "(.*)"', (ROOT / "example/staff/checks.py").read_text(), re.MULTILINE
).group(1)
html_additional_pages = {"404": "404.html"}
html_copy_source = False

# Link check ------------------------------------------------------------------
# https://www.sphinx-doc.org/en/master/usage/configuration.html#options-for-the-linkcheck-builder

# The reader's own machine, where nothing listens while links are checked.
linkcheck_ignore = ["http://localhost:"]

# Read the Docs knows where a page can be edited; elsewhere there is no edit link.
# https://docs.readthedocs.com/platform/stable/reference/environment-variables.html
if repository := re.match(
    r"https://github\.com/([^/]+)/([^/]+?)(\.git)?$",
    os.environ.get("READTHEDOCS_GIT_CLONE_URL", ""),
):
    html_context = {
        "display_github": True,
        "github_user": repository.group(1),
        "github_repo": repository.group(2),
        "github_version": os.environ["READTHEDOCS_GIT_IDENTIFIER"],
        "conf_py_path": "/docs/",
    }

# The copy button -------------------------------------------------------------
# https://sphinx-copybutton.readthedocs.io/en/latest/use.html

# A tree of files is nothing to copy.
copybutton_selector = "div.highlight:not(.highlight-none > *) pre"
copybutton_prompt_text = r"\$ |PS> "
copybutton_prompt_is_regexp = True
copybutton_copy_empty_lines = False
copybutton_line_continuation_character = "\\"
