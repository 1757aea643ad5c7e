"""A guide of two pages and a project of four files, for the tests of the rehearsal.

The project is the app of tests/support/tiny_app.py; of its files the pages list the
Procfile and the notes.
"""

from pathlib import Path

from sphinx.application import Sphinx

from docs._extensions.substitutions import APP
from rehearsal.reader.project import Project
from rehearsal.script import Page, read_pages
from tests.conftest import ROOT
from tests.support.tiny_app import FILES, know_the_terms

CONF = f"""
import sys
sys.path.append({str(ROOT / "docs" / "_extensions")!r})
extensions = ["console_blocks", "docs._extensions.literals"]
rst_prolog = ".. |app| replace:: {APP}"
"""
INDEX = """\
Tiny guide
==========

.. toctree::

   prepare
   deploy
"""
PREPARE = """\
Prepare
=======

.. code-block:: console

   $ cp -R guide/example tiny-app && cd tiny-app
   $ ls server.py
   server.py

.. code-block:: text
   :caption: Procfile

   web: python server.py
   worker: sleep 1000

.. code-block:: text
   :caption: NOTES

   Nothing to note.
"""
DEPLOY = """\
Deploy
======

.. parsed-literal::
   :class: opens-browser

   $ heroku login
   heroku: Press any key to open up the browser to login or q to exit :kbd:`Enter`
   ...
   Logged in as ...

.. parsed-literal::

   $ git init --quiet --initial-branch main && git add .
   $ git commit --quiet --message "Begin"
   $ heroku create |app|
   Creating ⬢ |app|... done
   ...
   $ git push heroku main
   ...
   remote: Verifying deploy... done.
   ...

.. parsed-literal::
   :class: opens-browser

   $ heroku open
   Opening https\\://|app|-\\ ...\\ .herokuapp.com/...

Notice :printed:`Verifying deploy`, and not :printed:`Unable to locate package`.
"""
PAGES = {"index": INDEX, "prepare": PREPARE, "deploy": DEPLOY}
LISTED = {"Procfile": FILES["Procfile"], "NOTES": "Nothing to note.\n"}


def build(folder: Path, pages: dict[str, str], excuses: dict[str, str]) -> list[Page]:
    """Build pages (name to reStructuredText) with Sphinx; return their script.

    Raises ValueError as read_pages does.
    """
    (folder / "conf.py").write_text(CONF)
    for name, text in pages.items():
        page = folder / f"{name}.rst"
        page.parent.mkdir(exist_ok=True)
        page.write_text(text)
    Sphinx(
        *[str(folder)] * 2,
        str(folder / "html"),
        str(folder / "doctrees"),
        "dummy",
        status=None,
    ).build()
    return read_pages(folder / "doctrees", excuses)


def project(folder: Path, **changes: str) -> Project:
    """Return the tiny project, its finished files in `folder`, some of them changed."""
    files = FILES | LISTED | changes
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)

    def write_start(home: Path) -> None:
        know_the_terms(home)
        start = home / "guide" / "example"
        start.mkdir(parents=True)
        for name in files.keys() - LISTED.keys():
            (start / name).write_text(files[name])

    return Project(folder, tuple(LISTED), write_start)
