"""The guide is performed, and a rehearsal leaves nothing behind."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT
from tests.support.waiting import PATIENCE, until


@pytest.fixture
def temporary():
    """Yield a folder that rehearsals use for /tmp; the database's user must get in."""
    folder = Path(tempfile.mkdtemp(prefix="rehearsal-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def rehearse(site, temporary):
    """Start rehearsals, each a process of its own; the built guide must be there."""
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", "rehearsal", *arguments],
            cwd=ROOT,
            env=os.environ | {"TMPDIR": str(temporary)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def left_behind(folder):
    """Return what still lies in a folder, and which processes name it."""
    files = sorted(each.name for each in folder.iterdir())
    return files + [
        command.replace("\0", " ")
        for each in Path("/proc").glob("[0-9]*")
        if str(folder) in (command := words(each / "cmdline") + words(each / "environ"))
    ]


def watch_ports(process, addresses):
    """Add each address that the process and its children listen at, while it runs."""
    while process.poll() is None:
        with suppress(psutil.Error):
            family = psutil.Process(process.pid)
            for each in [family, *family.children(recursive=True)]:
                with suppress(psutil.Error):
                    addresses.update(
                        connection.laddr.ip
                        for connection in each.net_connections("inet")
                        if connection.status == psutil.CONN_LISTEN
                    )
        time.sleep(1)


def words(file):
    try:
        return file.read_text(errors="replace")
    except (OSError, ProcessLookupError):
        return ""


needs_proc = pytest.mark.skipif(
    not Path("/proc/self").exists(), reason="other processes are looked up in /proc"
)


@needs_proc
def test_the_guide_is_performed_beside_another_rehearsal(rehearse, temporary):
    """Both play what needs a name, a database and ports; neither meets the other, and
    nobody outside this machine can reach either."""
    whole, other = rehearse("--quick"), rehearse("deploy/create")
    watching = threading.Thread(target=watch_ports, args=(whole, ports := set()))
    watching.start()
    told = {process: process.communicate()[0] for process in (whole, other)}
    watching.join()
    for process, output in told.items():
        assert process.returncode == 0, output
    assert re.search(r"\d+ commands performed in", told[whole])
    print(told[whole])
    assert ports == {"127.0.0.1"}
    until(lambda: not left_behind(temporary), "nothing is left behind")


@needs_proc
@pytest.mark.parametrize(
    "number",
    [signal.SIGINT, signal.SIGTERM, signal.SIGKILL],
    ids=lambda each: each.name,
)
def test_an_interrupted_rehearsal_leaves_nothing_behind(rehearse, temporary, number):
    process = rehearse("prepare/the-app")
    for line in process.stdout:
        if "-m zipfile" in line:
            break
    assert left_behind(temporary)
    process.send_signal(number)
    process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    until(lambda: not left_behind(temporary), "nothing is left behind")


def test_an_unknown_page_is_named(rehearse):
    process = rehearse("deploy/nowhere")
    assert "no page 'deploy/nowhere'" in process.communicate()[0]
    assert process.returncode == 1


def test_the_script_can_be_printed_without_performing_it(rehearse):
    process = rehearse("--list")
    output = process.communicate()[0]
    assert process.returncode == 0
    assert "  $ git push heroku main  (only for the example)\n" in output
    assert "  mysite/settings.py, a diff  (only in a project of your own)\n" in output
    assert "  staff/settings.py, a listing\n" in output
    assert "    not performed: PowerShell is not on" in output
