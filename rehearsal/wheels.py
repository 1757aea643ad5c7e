"""The example's packages on this machine, so that a rehearsal needs no network.

https://pip.pypa.io/en/stable/cli/pip_download/
"""

import subprocess
import sys
from pathlib import Path

from tools.once import alone, make_once

WHEELS = Path(__file__).parent / "wheels"


def download_wheels(python: Path, requirements: Path) -> Path:
    """Return a folder with what a file of requirements installs for a Python.

    It is filled once, whoever asks first. Raises RuntimeError if pip cannot fill it.
    """
    folder = WHEELS / python.resolve().name

    def fill(part: Path) -> None:
        command = [python, "-m", "pip", "download", "--quiet", "--dest", part]
        command += ["--requirement", requirements]
        if subprocess.run(command, stdout=sys.stderr).returncode:
            raise RuntimeError(f"pip could not download the packages of {requirements}")

    with alone(WHEELS / "lock"):
        make_once(folder, requirements.read_text(), fill)
    return folder
