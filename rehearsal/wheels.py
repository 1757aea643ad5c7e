"""The packages of the pages on this machine, so that a rehearsal needs no network.

https://pip.pypa.io/en/stable/cli/pip_download/
"""

import subprocess
import sys
from pathlib import Path

from tools.once import alone, make_once

WHEELS = Path(__file__).parent / "wheels"


def download_wheels(python: Path, *requirements: Path) -> Path:
    """Return a folder with what files of requirements install for a Python.

    It is filled once, whoever asks first. Raises RuntimeError if pip cannot fill it.
    """
    folder = WHEELS / python.resolve().name

    def fill(part: Path) -> None:
        command = [python, "-m", "pip", "download", "--quiet", "--dest", part]
        for each in requirements:
            command += ["--requirement", each]
        if subprocess.run(command, stdout=sys.stderr).returncode:
            names = ", ".join(map(str, requirements))
            raise RuntimeError(f"pip could not download the packages of {names}")

    with alone(WHEELS / "lock"):
        made_from = "".join(each.read_text() for each in requirements)
        make_once(folder, made_from, fill)
    return folder
