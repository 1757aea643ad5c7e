"""Sphinx configuration: https://www.sphinx-doc.org/en/master/usage/configuration.html

Paths here start at the top level of the repository, paths in pages at docs/.
"""

import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT))

from docs._extensions.repository import address  # noqa: E402

# Project ---------------------------------------------------------------------
# https://www.sphinx-doc.org/en/master/usage/configuration.html#project-information

project = "Deploying the Staff Calibration App on Heroku"
author = "The Staff Calibration App contributors"
copyright = "2026, " + author
language = "en-GB"

# General ---------------------------------------------------------------------
# https://www.sphinx-doc.org/en/master/usage/configuration.html#general-configuration

# Those of docs/_extensions say in their first lines what they do.
extensions = [
    "docs._extensions.console_blocks",
    "docs._extensions.commands",
    "docs._extensions.downloads",
    "docs._extensions.failures",
    "docs._extensions.listings",
    "docs._extensions.literals",
    "docs._extensions.overview",
    "docs._extensions.page_markup",
    "docs._extensions.sources",
    "docs._extensions.substitutions",
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

# Where the repository is ------------------------------------------------------

# Pages name it in `only:: repository`, where it is known.
repository = address()
if repository:
    tags.add("repository")  # noqa: F821 - Sphinx's own, for this file
# Read the Docs knows which version of a page can be edited.
github = re.fullmatch(r"https://github\.com/([^/]+)/([^/]+)", repository or "")
if github and "READTHEDOCS_GIT_IDENTIFIER" in os.environ:
    html_context = {
        "display_github": True,
        "github_user": github.group(1),
        "github_repo": github.group(2),
        "github_version": os.environ["READTHEDOCS_GIT_IDENTIFIER"],
        "conf_py_path": "/docs/",
    }

# The copy button -------------------------------------------------------------
# https://sphinx-copybutton.readthedocs.io/en/latest/use.html

# A tree of files is nothing to copy.
copybutton_selector = "div.highlight:not(.highlight-none > *) pre"
# Of a diff, what is new.
copybutton_prompt_text = r"\$ |PS> |\+"
copybutton_prompt_is_regexp = True
copybutton_copy_empty_lines = False
copybutton_line_continuation_character = "\\"
