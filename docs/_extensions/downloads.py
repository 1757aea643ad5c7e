"""Make what readers download: the start of the app, the finished app, the whole guide.

Three zip files of what git tracks, written before the pages are read, so that a page
can offer one with ``:download:``. Equal files make an equal zip.
https://www.sphinx-doc.org/en/master/usage/referencing.html#role-download
"""

import os
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from sphinx.application import Sphinx

from rehearsal.reader.project import (
    DOWNLOADS,
    EXAMPLE,
    FINISHED,
    START,
    write_starting_project,
)
from tools.tracked import ROOT, tracked

GUIDE = "staff-calibration-guide"
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first date that a zip knows


def write_downloads(app: Sphinx) -> None:
    DOWNLOADS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        start = Path(name)
        write_starting_project(start)
        files = (file for file in start.rglob("*") if file.is_file())
        write_zip(START, start, files)
    write_zip(FINISHED, EXAMPLE, tracked(EXAMPLE))
    write_zip(GUIDE, ROOT, tracked())


def write_zip(name: str, root: Path, files: Iterable[Path]) -> None:
    """Write files into the zip `name`, in one folder of that name.

    A build that runs beside this one reads the old zip or the new, never half of one.
    """
    part = DOWNLOADS / f"{name}.{os.getpid()}"
    with zipfile.ZipFile(part, "w") as archive:
        for file in sorted(files):
            path = file.relative_to(root).as_posix()
            entry = zipfile.ZipInfo(f"{name}/{path}", LONG_AGO)
            # The upper half is the file's mode, as git knows it.
            mode = 0o755 if file.stat().st_mode & 0o100 else 0o644
            entry.external_attr = mode << 16
            archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
    part.replace(DOWNLOADS / f"{name}.zip")


def setup(app: Sphinx):
    app.connect("builder-inited", write_downloads)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
