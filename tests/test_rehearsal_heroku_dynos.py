"""Releases, dynos, the router and the log of the stand-in, faults included."""

import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest

from rehearsal.heroku import model
from tests.support import tiny_app
from tests.support.tiny_app import FILES, SERVER, Api, Reader, running_platform
from tests.support.waiting import PATIENCE, until

IGNORES_SIGTERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    with running_platform(tmp_path_factory.mktemp("platform")) as platform:
        yield platform


@pytest.fixture(scope="module")
def api(platform):
    return Api(platform)


def create(platform, api, folder):
    """Return a new app that is not deployed yet, with its reader."""
    app = platform.apps[api("POST", "/apps", {}).json()["name"]]
    app.reader = Reader(platform, folder)
    return app


@pytest.fixture
def app(platform, api, tmp_path):
    app = create(platform, api, tmp_path)
    yield app
    if app.name in platform.apps:
        api("DELETE", f"/apps/{app.name}")


@pytest.fixture
def fresh(app):
    """Return a deployed app of one test's own."""
    assert "deployed to Heroku" in app.reader.push(app.name)
    return app


@pytest.fixture(scope="module")
def deployed(platform, api, tmp_path_factory):
    """Return a deployed app that the tests leave as they found it."""
    app = create(platform, api, tmp_path_factory.mktemp("reader"))
    assert "deployed to Heroku" in app.reader.push(app.name)
    return app


def fetch(platform, app, path="/", **options):
    return tiny_app.fetch(platform, app.web_url + path.lstrip("/"), **options)


def log_of(app) -> str:
    return "\n".join(app.log.text())


def scale(api, app, **dynos):
    """Ask for dynos, each process type with its quantity and size; the answer."""
    updates = [
        {"type": kind, "quantity": quantity, "size": size}
        for kind, (quantity, size) in dynos.items()
    ]
    return api("PATCH", f"/apps/{app.name}/formation", {"updates": updates})


def run(api, app, command):
    """Run a command in a one-off dyno; return what it printed, once it has ended."""
    order = {"command": command, "attach": False}
    dyno = api("POST", f"/apps/{app.name}/dynos", order).json()["name"]
    until(lambda: f"heroku[{dyno}]: State changed from up to complete" in log_of(app))
    mark = f" app[{dyno}]: "
    return "\n".join(x.split(mark)[1] for x in app.log.text() if mark in x)


def statuses(app) -> list[str]:
    return [release.status for release in app.releases]


# Releases


def test_a_push_makes_a_release_and_starts_web(platform, fresh):
    assert [r.description for r in fresh.releases][:2] == [
        "Initial release",
        "Enable Logplex",
    ]
    assert fresh.releases[2].description.startswith("Deploy ")
    assert list(fresh.dynos) == ["web.1"]
    assert fresh.formation["worker"].quantity == 0
    assert fetch(platform, fresh).status_code == 200


def test_a_build_that_fails_changes_nothing(platform, deployed):
    before = len(deployed.releases)
    output = deployed.reader.push(deployed.name, **{"runtime.txt": "python-3.8.8"})
    assert "Error: The requested Python version has reached end-of-life." in output
    assert "Push rejected, failed to compile Python app." in output
    assert "! [remote rejected] main -> main (pre-receive hook declined)" in output
    assert len(deployed.releases) == before
    assert fetch(platform, deployed).status_code == 200


def test_a_failed_release_command_leaves_the_former_release(platform, fresh):
    serving = fresh.current
    changed = SERVER + "\n# changed\n"
    procfile = FILES["Procfile"] + "release: echo migrating; exit 4\n"
    output = fresh.reader.push(
        fresh.name, **{"Procfile": procfile, "server.py": changed}
    )
    assert "migrating" in output
    assert "Release command failed" in output
    assert "main -> main" in output  # git has its commit all the same
    assert fresh.releases[-1].status == "failed"
    assert fresh.current is serving
    assert fetch(platform, fresh).status_code == 200


def test_a_rollback_restores_slug_and_config(platform, api, fresh):
    path = f"/apps/{fresh.name}"
    until(lambda: fresh.current.version == 3)
    api("PATCH", f"{path}/config-vars", {"COLOUR": "green"})
    until(lambda: fresh.dynos["web.1"].release.version == 4)
    fresh.reader.push(fresh.name, **{"new.txt": "new"})
    assert "new.txt" in fetch(platform, fresh).text
    assert "COLOUR=green" in fetch(platform, fresh).text
    answer = api("POST", f"{path}/releases", {"release": fresh.releases[2].id})
    assert answer.json()["description"] == "Rollback to v3"
    page = fetch(platform, fresh).text
    assert "new.txt" not in page
    assert "COLOUR" not in page
    assert api("GET", f"{path}/config-vars").json() == {}


def test_a_config_change_runs_the_release_command(platform, api, app):
    procfile = FILES["Procfile"] + 'release: test -z "$BREAK"\n'
    app.reader.push(app.name, Procfile=procfile)
    api("PATCH", f"/apps/{app.name}/config-vars", {"BREAK": "yes"})
    until(lambda: statuses(app)[-1] == "failed")
    assert app.current.version == 3
    assert "BREAK" not in fetch(platform, app).text


def test_a_rollback_leaves_the_database_of_today(platform, api, fresh):
    path = f"/apps/{fresh.name}"
    until(lambda: fresh.current.version == 3)
    first = add_database(api, fresh)
    api("DELETE", f"{path}/addons/{first.name}")
    second = add_database(api, fresh)
    before = fresh.releases[3]
    assert before.config_vars == {"DATABASE_URL": first.url}
    api("POST", f"{path}/releases", {"release": before.id})
    assert api("GET", f"{path}/config-vars").json() == {"DATABASE_URL": second.url}
    assert f"DATABASE_URL={second.url}" in fetch(platform, fresh).text


def test_a_new_database_runs_the_release_command(platform, api, app):
    procfile = FILES["Procfile"] + "release: echo with ${DATABASE_URL:-nothing}\n"
    app.reader.push(app.name, Procfile=procfile)
    assert app.releases[-1].output == ["with nothing"]
    addon = add_database(api, app)
    until(lambda: app.releases[-1].status == "succeeded")
    assert app.releases[-1].output == [f"with {addon.url}"]


def test_another_stack_is_that_of_the_next_build(api, fresh):
    path = f"/apps/{fresh.name}"
    api("PATCH", path, {"build_stack": "heroku-26"})
    names = [api("GET", path).json()[key]["name"] for key in ("stack", "build_stack")]
    assert names == ["heroku-24", "heroku-26"]
    output = fresh.reader.push(fresh.name)
    assert "Building on the Heroku-26 stack" in output
    assert api("GET", path).json()["stack"]["name"] == "heroku-26"


def test_a_build_has_the_variables_of_a_dyno_and_no_port(api, fresh):
    api("PATCH", f"/apps/{fresh.name}", {"build_stack": "heroku-26"})
    fresh.reader.push(fresh.name, **{"bin/post_compile": "env > seen"})
    lines = run(api, fresh, "cat seen").splitlines()
    seen = dict(line.split("=", 1) for line in lines if "=" in line)
    assert seen["STACK"] == "heroku-26"
    assert seen["DYNO"].startswith("run.")
    assert seen["SOURCE_VERSION"] == fresh.slug.commit
    assert seen["REQUEST_ID"]
    assert "PORT" not in seen


def test_a_build_that_the_stand_in_cannot_play_is_recorded(platform, app):
    output = app.reader.push(app.name, **{"package.json": "{}"})
    assert "The stand-in plays the Python buildpack only." in output
    assert "pre-receive hook declined" in output
    assert platform.unknown.pop().startswith("git push: The stand-in plays")


def test_a_push_of_two_branches_that_build_is_refused(platform, app):
    app.reader.commit()
    url = f"https://heroku:{platform.token}@git.heroku.com/{app.name}.git"
    output = app.reader.shell(f"git push {url} main main:master").stdout
    assert "The stand-in builds one branch of a push." in output
    assert len(app.releases) == 2


def test_other_branches_are_not_built(deployed):
    before = len(deployed.releases)
    url = f"https://heroku:{deployed.reader.platform.token}@git.heroku.com"
    output = deployed.reader.shell(f"git push {url}/{deployed.name}.git main:topic")
    assert "a branch that Heroku does not build" in output.stdout
    assert len(deployed.releases) == before


def test_of_two_pushes_at_once_the_second_is_refused(platform, app, tmp_path):
    other = Reader(platform, tmp_path / "other")
    with ThreadPoolExecutor() as pool:
        first = pool.submit(app.reader.push, app.name)
        second = pool.submit(other.push, app.name, **{"other.txt": ""})
        outputs = [first.result(), second.result()]
    assert sorted("deployed to Heroku" in output for output in outputs) == [False, True]
    assert sum("rejected" in output for output in outputs) == 1, outputs
    assert len(app.releases) == 3


# Dynos


def test_a_dyno_gets_the_runtime_environment(platform, api, app):
    api("PATCH", f"/apps/{app.name}/config-vars", {"COLOUR": "green"})
    app.reader.push(app.name)
    page = fetch(platform, app).text.splitlines()
    port = app.dynos["web.1"].port
    for line in [
        "COLOUR=green",
        "DYNO=web.1",
        f"PORT={port}",
        "WEB_CONCURRENCY=2",
        "FORWARDED_ALLOW_IPS=*",
        f"GUNICORN_CMD_ARGS=--access-logfile - --bind 127.0.0.1:{port}",
        "PYTHONUNBUFFERED=true",
    ]:
        assert line in page


@pytest.mark.parametrize(
    "size, workers",
    [
        ("eco", 2),
        ("basic", 2),
        ("standard-1x", 2),
        ("standard-2x", 4),
        ("performance-m", 5),
        ("performance-l", 17),
        ("performance-l-ram", 9),
        ("performance-xl", 17),
        ("performance-2xl", 33),
    ],
)
def test_workers_follow_memory_and_cores(platform, api, deployed, size, workers):
    # The numbers are those of the buildpack's vendor/WEB_CONCURRENCY.sh, and for the
    # three largest sizes its rule with their memory and cores.
    scale(api, deployed, web=(1, size))
    assert f"WEB_CONCURRENCY={workers}" in fetch(platform, deployed).text.splitlines()
    scale(api, deployed, web=(1, "basic"))


@pytest.mark.parametrize(
    "dynos, message",
    [
        ({"web": (2, "basic")}, "Cannot update to more than 1 Basic size dynos"),
        ({"web": (5, "eco")}, "Cannot update to more than 1 Eco size dynos"),
        (
            {"web": (1, "standard-1x"), "worker": (1, "basic")},
            "Cannot use the following dyno types in the same app: "
            "Basic and Standard-1X",
        ),
        (
            {"web": (1, "eco"), "worker": (1, "eco"), "clock": (1, "eco")},
            "Cannot run more than 2 Eco size dynos.",
        ),
        ({"web": (11, "performance-m")}, "Cannot update to more than 10 Performance-M"),
    ],
    ids=["two Basic", "five Eco", "two tiers", "three Eco", "eleven Performance"],
)
def test_dynos_that_heroku_does_not_run_are_refused(platform, api, app, dynos, message):
    app.reader.push(app.name, Procfile=FILES["Procfile"] + "clock: sleep 1000\n")
    answer = scale(api, app, **dynos)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith(message)
    assert sorted(app.dynos) == ["web.1"]


def test_a_stopped_process_type_is_of_no_tier(api, fresh):
    assert scale(api, fresh, web=(2, "standard-1x")).is_success
    assert fresh.formation["worker"].size == "Basic"


def test_files_of_a_dyno_are_thrown_away(platform, api, deployed):
    written = fetch(platform, deployed, "/write")
    assert (written.status_code, "'written'" in written.text) == (200, True)
    api("DELETE", f"/apps/{deployed.name}/dynos")
    anew = fetch(platform, deployed)
    assert (anew.status_code, "'written'" in anew.text) == (200, False)


@pytest.mark.parametrize("ending", ["", ' ; echo "status $?"'], ids=["plain", "-x"])
def test_a_process_type_stands_for_its_command(api, app, ending):
    app.reader.push(app.name, Procfile=FILES["Procfile"] + "greet: echo hello\n")
    assert run(api, app, f"greet{ending}").startswith("hello")
    assert run(api, app, "echo greet") == "greet"


def test_a_one_off_dyno_has_no_python_but_the_apps(api, deployed):
    listed = run(api, deployed, "pip list --format=freeze")
    assert "starlette" not in listed
    assert "not play pip install" in run(api, deployed, "pip install django")
    where = run(api, deployed, "command -v python pip; echo $PATH")
    assert str(deployed.slug.environment) in where
    assert sys.prefix not in where


def test_a_one_off_dyno_has_the_size_and_variables_asked_for(api, deployed):
    order = {"command": "echo $A $DYNO_RAM", "size": "standard-2x", "env": {"A": "b"}}
    api("POST", f"/apps/{deployed.name}/dynos", order)
    until(lambda: "]: b 1024" in log_of(deployed))


def test_a_crashed_dyno_is_started_again(platform, fresh):
    assert fetch(platform, fresh, "/die").status_code == 503
    assert fetch(platform, fresh).status_code == 200
    log = log_of(fresh)
    assert 'code=H13 desc="Connection closed without response"' in log
    assert "heroku[web.1]: Process exited with status 7" in log
    assert "State changed from up to crashed" in log
    assert log.count("Starting process with command `python server.py`") == 2


def test_an_app_that_exits_at_boot_crashes_with_h10(platform, app):
    app.reader.push(app.name, Procfile="web: python -c 'import no_such_module'\n")
    until(lambda: app.dynos["web.1"].state == "crashed")
    assert fetch(platform, app).status_code == 503
    log = log_of(app)
    assert "ModuleNotFoundError: No module named 'no_such_module'" in log
    assert "Process exited with status 1" in log
    assert re.search('code=H10 desc="App crashed" .* connect= service= status=503', log)


def test_an_app_on_the_wrong_port_is_killed_with_r10(platform, app, monkeypatch):
    monkeypatch.setattr(platform.times, "boot", 1)
    app.reader.push(app.name, Procfile="web: exec sleep 1000\n")
    until(lambda: "Error R10 (Boot timeout)" in log_of(app))
    until(lambda: "Process exited with status 137" in log_of(app))


def test_an_app_that_ignores_sigterm_is_killed_with_r12(
    platform, api, app, monkeypatch
):
    app.reader.push(app.name, **{"server.py": IGNORES_SIGTERM + SERVER})
    process = app.dynos["web.1"].process
    monkeypatch.setattr(platform.times, "stop", 1)
    api("DELETE", f"/apps/{app.name}/dynos")
    until(lambda: "Error R12 (Exit timeout)" in log_of(app))
    until(lambda: process.returncode == -9)
    assert fetch(platform, app).status_code == 200  # from the new dyno


def test_scaling_during_requests_loses_none(platform, api, deployed):
    stop, seen = threading.Event(), []

    def ask():
        with tiny_app.client(platform) as client:
            while not stop.is_set():
                seen.append(client.get(deployed.web_url).status_code)

    with ThreadPoolExecutor() as pool:
        asking = [pool.submit(ask) for _ in range(2)]
        for quantity in ["+2", "1", "3", "2"]:
            scale(api, deployed, web=(quantity, "standard-1x"))
        stop.set()
        for task in asking:
            task.result()
    assert seen
    # A dyno that is scaled away may cut off what it was answering.
    assert set(seen) <= {200, 503}
    assert seen.count(503) <= 4
    assert sorted(deployed.dynos) == ["web.1", "web.2"]
    scale(api, deployed, web=(1, "basic"))


def test_requests_go_round_the_dynos(platform, api, deployed):
    scale(api, deployed, web=(2, "standard-1x"))
    names = [
        line
        for _ in range(4)
        for line in fetch(platform, deployed).text.splitlines()
        if line.startswith("DYNO=")
    ]
    assert names[0] != names[1]
    assert names[:2] == names[2:]
    scale(api, deployed, web=(1, "basic"))


# The router


def test_the_router_forwards_and_logs(platform, deployed):
    answer = fetch(
        platform,
        deployed,
        "/a%20b?c=d",
        headers={"X-Forwarded-For": "1.2.3.4", "X-Request-Id": "my-own-request-id"},
    )
    page = answer.text.splitlines()
    assert "path /a%20b?c=d" in page
    assert "X-Forwarded-For: 1.2.3.4,127.0.0.1" in page
    assert "X-Forwarded-Proto: https" in page
    assert "X-Forwarded-Port: 443" in page
    assert "X-Request-Id: my-own-request-id" in page
    assert "Via: 1.1 heroku-router" in page
    assert answer.headers["Via"] == "1.1 heroku-router"
    cookies = ["a=1; Secure", "b=2; Secure"]
    assert answer.headers.get_list("Set-Cookie") == cookies
    line = next(x for x in log_of(deployed).splitlines() if "my-own-request-id" in x)
    assert 'heroku[router]: at=info method=GET path="/a%20b?c=d"' in line
    assert "request_id=my-own-request-id" in line
    assert "dyno=web.1 connect=0ms service=" in line
    assert f"status=200 bytes={len(answer.content)}" in line


def test_a_post_reaches_the_dyno_with_its_body(platform, deployed):
    page = fetch(platform, deployed, method="POST", content=b"abc").text.splitlines()
    assert any(line.lower() == "content-length: 3" for line in page)


@pytest.mark.parametrize(
    "code, fields",
    [
        ("H12", r"dyno=web.1 connect=0ms service=\d+ms status=503 bytes=\d+"),
        ("H14", r"dyno= connect= service= status=503 bytes="),
        ("H80", r"dyno= connect= service= status=503 bytes="),
    ],
)
def test_the_router_answers_for_the_app(
    platform, api, deployed, code, fields, monkeypatch
):
    path = f"/apps/{deployed.name}"
    if code == "H12":
        monkeypatch.setattr(platform.times, "request", 1)
    if code == "H14":
        scale(api, deployed, web=(0, "basic"))
    if code == "H80":
        api("PATCH", path, {"maintenance": True})
    assert fetch(platform, deployed, "/slow").status_code == 503
    [line] = [x for x in deployed.log.text() if f" code={code} " in x]
    assert "heroku[router]" in line
    assert re.search(f" {fields} protocol", line)
    scale(api, deployed, web=(1, "basic"))
    api("PATCH", path, {"maintenance": False})
    monkeypatch.undo()
    assert fetch(platform, deployed).status_code == 200


def test_an_app_without_code_says_so(platform, app):
    assert fetch(platform, app).status_code == 502
    assert "code=H81" in log_of(app)


def test_an_unknown_host_is_no_app(platform):
    assert (
        tiny_app.fetch(
            platform, "https://nobody-0123456789ab.herokuapp.com/"
        ).status_code
        == 404
    )


def test_a_client_that_leaves_is_logged(platform, deployed):
    leaves_early = httpx.Timeout(PATIENCE, read=0.3)
    with tiny_app.client(platform, timeout=leaves_early) as asking:
        with pytest.raises(httpx.ReadTimeout):
            asking.get(deployed.web_url + "slow")
    until(lambda: "code=H27" in log_of(deployed))
    assert fetch(platform, deployed).status_code == 200


def test_the_window_exchanges_the_addresses(platform, deployed):
    """For the reader's own browser, which cannot find the app's name."""
    app = deployed.web_url.rstrip("/")
    with platform.window(deployed) as address, httpx.Client(trust_env=False) as browser:
        sent = {"Origin": address, "X-Echo": "/next"}
        answer = browser.post(f"{address}/", content=b"abc", headers=sent)
    page = answer.text.lower().splitlines()
    assert f"origin: {app}" in page
    assert f"host: {deployed.host}" in page
    assert "content-length: 3" in page
    assert answer.headers["Location"] == f"{address}/next"
    assert answer.headers.get_list("Set-Cookie") == ["a=1", "b=2"]


# The log


def read_log(platform, api, app, **order) -> list[str]:
    url = api("POST", f"/apps/{app.name}/log-sessions", order).json()["logplex_url"]
    text = httpx.get(url, trust_env=False, timeout=PATIENCE).text
    first, *lines = [part for part in text.split("\n\n") if part]
    assert first == "retry: 1"
    return [line.removeprefix("data: ") for line in lines]


def test_a_hundred_thousand_lines_do_not_stop_the_platform(platform, api, deployed):
    fetch(platform, deployed, "/chatter")
    until(lambda: deployed.log.total > 100_000)
    assert len(read_log(platform, api, deployed, lines=1500)) == 1500
    assert fetch(platform, deployed).status_code == 200


def test_the_log_is_filtered(platform, api, deployed):
    fetch(platform, deployed)
    until(lambda: "heroku[router]" in log_of(deployed))
    for order, mark in [
        ({"source": "app", "dyno": "web.1"}, " app[web.1]: "),
        ({"source": "heroku", "dyno": "router"}, " heroku[router]: "),
        ({"dyno": "web"}, "[web.1]: "),
    ]:
        lines = read_log(platform, api, deployed, **order)
        assert lines
        assert all(mark in line for line in lines)
    assert len(read_log(platform, api, deployed, lines=2)) == 2


def test_a_followed_log_shows_what_comes(platform, api, deployed):
    order = {"tail": True, "lines": 1}
    path = f"/apps/{deployed.name}/log-sessions"
    url = api("POST", path, order).json()["logplex_url"]
    with httpx.stream("GET", url, trust_env=False, timeout=PATIENCE) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "retry: 1"
        fetch(platform, deployed, "/followed")
        assert any("/followed" in line for line in lines)


def test_a_long_line_is_split(platform, api, app):
    printed = run(api, app, "head -c 25000 /dev/zero | tr '\\0' x")
    lengths = [len(line) for line in printed.splitlines()]
    assert lengths == [10_000, 10_000, 5_000]


# The database


def add_database(api, app):
    """Return a new database of an app, once it is there."""
    plan = {"plan": {"name": "heroku-postgresql:essential-0"}}
    answer = api("POST", f"/apps/{app.name}/addons", plan)
    assert answer.json()["state"] == "provisioning"
    until(lambda: app.addons[-1].state == "provisioned")
    return app.addons[-1]


def test_the_database_demands_tls_and_limits_connections(platform, api, app):
    add_database(api, app)
    url = app.config_vars["DATABASE_URL"]
    assert url.startswith("postgres://")
    if platform.postgres.tls:
        with pytest.raises(psycopg.OperationalError, match="no encryption"):
            psycopg.connect(url, sslmode="disable")
    limit = model.PLANS["essential-0"].connections
    connections = [psycopg.connect(url) for _ in range(limit)]
    with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
        psycopg.connect(url)
    for connection in connections:
        connection.close()


def test_destroying_an_app_leaves_nothing(platform, api, fresh):
    add_database(api, fresh)
    until(lambda: fresh.dynos["web.1"].state == "up")
    database, process = fresh.addons[0].database, fresh.dynos["web.1"].process
    path = f"/client/v11/databases/{fresh.addons[0].id}"
    api("POST", f"https://api.data.heroku.com{path}/backups")
    assert list((platform.folder / "backups").iterdir())
    api("DELETE", f"/apps/{fresh.name}")
    until(lambda: process.returncode is not None)
    listed = "SELECT datname FROM pg_database UNION SELECT rolname FROM pg_roles"
    assert database not in platform.postgres.sql(listed).split()
    until(lambda: not any((platform.folder / "dynos").glob(f"{fresh.name}-*")))
    for folder in ["git", "slugs", "builds", "backups", "cache"]:
        left = [p.name for p in (platform.folder / folder).iterdir()]
        assert not [name for name in left if fresh.name in name or fresh.id in name]
    assert not list((platform.folder / "backups").iterdir())


def test_a_restarted_server_is_on_the_same_port(platform, app, api):
    add_database(api, app)
    connection = psycopg.connect(app.config_vars["DATABASE_URL"])
    platform.postgres.restart()
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    with psycopg.connect(app.config_vars["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
