"""Nothing is left behind, however a platform ends, and two do not meet."""

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from rehearsal.postgres import Server
from tests.support.tiny_app import Api, Reader, fetch, running_platform
from tests.support.waiting import PATIENCE, until

ROOT = Path(__file__).parent.parent

# Starts everything there is, says so, and waits to be ended.
RUNNER = """\
import sys, time
from pathlib import Path
from tests.support.tiny_app import Api, Reader, running_platform

folder = Path(sys.argv[1])
with running_platform(folder, stop=1) as platform:
    api = Api(platform)
    api("POST", "/apps", {"name": "left-behind"})
    Reader(platform, folder).push("left-behind")
    run = {"command": "trap '' HUP TERM; sleep 1000", "attach": False}
    api("POST", "/apps/left-behind/dynos", run)
    print("ready", platform.postgres.folder, flush=True)
    time.sleep(1000)
"""


def family(pid):
    """Return a process and all it has started, with their names.

    Any of them can end while it is looked at.
    """
    found = {}
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for each in [process, *process.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                found[each] = each.name()
    return found


def runs(process):
    """Return False also for a zombie: whoever would have reaped it has gone."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def listens_at(process):
    """Return the addresses at which a process listens; none if it has ended."""
    with suppress(psutil.NoSuchProcess):
        return {
            connection.laddr.ip
            for connection in process.net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        }
    return set()


@pytest.fixture
def runner(tmp_path):
    """Yield a process that runs the stand-in, and prints `ready` with its folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNER, tmp_path],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_runner_leaves_nothing(runner, tmp_path, number):
    word, _, postgres_folder = runner.stdout.readline().strip().partition(" ")
    assert word == "ready"
    wanted = {"postgres", "sleep"}
    until(lambda: wanted <= set(family(runner.pid).values()), "a dyno sleeps")
    everybody = family(runner.pid)
    folders = [Path(postgres_folder), *tmp_path.glob("platform-*")]
    # As the terminal's Ctrl-C does, to the whole group.
    os.killpg(runner.pid, number)
    runner.wait(PATIENCE)
    until(lambda: not any(map(runs, everybody)), "every process has ended")
    until(lambda: not any(map(Path.exists, folders)), "the folders are removed")


def test_two_platforms_do_not_meet(tmp_path):
    with running_platform(tmp_path) as one, running_platform(tmp_path) as two:
        for platform, name in [(one, "one"), (two, "two")]:
            assert Api(platform)("POST", "/apps", {"name": "same-name"}).is_success
            output = Reader(platform, tmp_path / name).push("same-name")
            assert "deployed to Heroku" in output
        urls = [platform.apps["same-name"].web_url for platform in (one, two)]
        assert fetch(one, urls[0]).status_code == 200
        assert fetch(two, urls[1]).status_code == 200
        assert fetch(one, urls[1]).status_code == 404
        assert one.postgres.port != two.postgres.port


def test_a_platform_listens_on_loopback_only(tmp_path):
    with running_platform(tmp_path) as platform:
        Api(platform)("POST", "/apps", {"name": "loop-demo"})
        Reader(platform, tmp_path).push("loop-demo")
        addresses = set().union(*map(listens_at, family(os.getpid())))
    assert addresses == {"127.0.0.1"}


def test_a_server_without_with_block_ends_with_its_process(tmp_path):
    program = (
        "import sys; from rehearsal.postgres import Server;"
        "server = Server(sys.argv[1]); server.start(); print(server.folder, flush=True)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    folder = Path(done.stdout.strip())
    assert folder.parent in (tmp_path, Path(tempfile.gettempdir()))
    until(lambda: not folder.exists(), "the server's folder is removed")


def test_a_server_that_cannot_start_shows_its_log(tmp_path):
    with Server(tmp_path) as server:
        server.stop()
        (server.folder / "data" / "postgresql.conf").write_text("no_such_setting = 1")
        with pytest.raises(RuntimeError, match="no_such_setting"):
            server.start()
        folder = server.folder
    assert not folder.exists()
