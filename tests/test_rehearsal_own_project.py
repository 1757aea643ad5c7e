"""What the pages say "In your own project" takes another project to Heroku.

The project of tests/own_project/ is taken through the pages, and then it is used. What
one project cannot be at once (in a sub-folder, locked by uv, under an ASGI server) it
becomes afterwards, with the very lines that the pages show.
"""

import re
import shlex
import shutil
import sys

import psycopg
import pytest
from docutils import nodes
from dotenv import dotenv_values

from rehearsal.__main__ import perform, takes_down
from rehearsal.heroku.buildpack import find_uv
from rehearsal.reader.own_project import BROUGHT, DOTENV, FOLDER, OWN_PROJECT
from rehearsal.script import Command, in_own_section
from rehearsal.stage import Stage
from tests.support.pages import PAGES, doctree
from tests.support.serving import ROUTER, ask, manage, serving
from tests.support.tiny_app import CLI_REASON, cli_installed, client
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(not cli_installed, reason=CLI_REASON)

# Loopback as well, but no address that a server trusts unless told to.
NEIGHBOUR = "127.0.0.2"


@pytest.fixture(scope="module")
def stage(site):
    """Yield the reader's machine, on which the own project has been deployed."""
    pages = [page for page in PAGES if not takes_down(page)]
    with Stage(OWN_PROJECT, report=lambda _: None) as stage:
        perform(stage, pages, whole=True)
        yield stage


@pytest.fixture(scope="module")
def app(stage):
    [app] = stage.platform.apps.values()
    return app


@pytest.fixture
def browser(stage, app):
    """Yield a browser that asks the app over HTTPS, with its cookies."""
    with client(stage.platform, base_url=app.web_url, timeout=None) as browser:
        yield browser


def hand_in(browser, hive, file):
    """Send the form of the app's first page, as a browser does; return the answer."""
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', browser.get("/").text)[1]
    address = str(browser.base_url).rstrip("/")
    fields = {"hive": hive, "keeper": "ada@example.com", "csrfmiddlewaretoken": token}
    return browser.post(
        "/",
        data=fields,
        files={"file": ("scale.txt", file)},
        headers={"Origin": address, "Referer": f"{address}/"},
    )


def stored(app, hive):
    """Return id and file of a hive's only row in the app's PostgreSQL."""
    with psycopg.connect(app.config_vars["DATABASE_URL"], sslmode="require") as there:
        query = "SELECT id, kilograms FROM hives_weighing WHERE hive = %s"
        [row] = there.execute(query, [hive]).fetchall()
    return row


def log_has(app, text):
    until(lambda: text in "\n".join(app.log.text()), f"the log has {text!r}")


def shell(stage, *commands):
    """Type commands that are on no page; return what the last one prints."""
    for text in commands:
        command = Command(page="", line=0, text=text, output="", answers=())
        output, status = stage.terminals[0].run(command)
        assert status == 0, output
    return output


def shown(beginning):
    """Return the only literal of prepare/procfile, for own projects, that so begins."""
    [text] = {
        literal.astext()
        for literal in doctree("prepare/procfile").findall(nodes.literal)
        if in_own_section(literal) and literal.astext().startswith(beginning)
    }
    return text


# The deployed app ----------------------------------------------------------------


def test_the_readers_own_variables_are_kept_and_count(stage):
    ours = dotenv_values(stage.folder_of_project() / ".env")
    brought = dict(line.split("=", 1) for line in DOTENV.splitlines())
    assert ours.items() >= brought.items()
    assert ours["ALLOWED_HOSTS"]


def test_the_page_has_what_the_config_var_says_and_a_hashed_style_sheet(browser):
    page = browser.get("/")
    assert page.status_code == 200
    assert "<h1>Beehives</h1>" in page.text
    [style] = re.findall(r'href="(/static/hives/style\.[0-9a-f]{12}\.css)"', page.text)
    here = (BROUGHT / "hives" / "static" / "hives" / "style.css").read_text()
    assert browser.get(style).text == here


def test_a_form_is_taken_with_its_upload(app, browser):
    assert hand_in(browser, "Orchard", "31.5\n32.5\n").status_code == 302
    number, kilograms = stored(app, "Orchard")
    assert kilograms == "31.5\n32.5\n"
    assert "32.0 kg" in browser.get(f"/{number}/").text
    log_has(app, "Subject: Orchard was weighed")


def test_an_error_leaves_its_traceback_in_the_log_under_the_routers_id(app, browser):
    assert hand_in(browser, "Empty", "").status_code == 302
    number, _ = stored(app, "Empty")
    answer = browser.get(f"/{number}/")
    assert answer.status_code == 500
    request = f"request_id={answer.headers['X-Request-ID']}"
    log_has(app, "ZeroDivisionError: ")
    log_has(app, f"logger=django.request {request} Internal Server Error: /{number}/")
    routed = [line for line in app.log.text() if "heroku[router]" in line]
    assert [line for line in routed if request in line and "status=500" in line]


def test_debug_is_off_and_the_other_remote_has_the_code(stage, app):
    assert "DEBUG" not in app.config_vars
    local, remote = shell(stage, "git rev-parse HEAD @{upstream}").split()
    assert local == remote


# What the project can become -------------------------------------------------------


def test_a_project_in_a_sub_folder_is_deployed(stage, browser):
    top = r"\.gitignore|\.python-version|Procfile|requirements\.txt|gunicorn\.conf\.py"
    procfile = f"{shown('web: gunicorn')}\n{shown('release:')}\n"
    (stage.folder_of_project() / "Procfile").write_text(procfile)
    shell(
        stage,
        "mkdir backend",
        f"git ls-files | grep -vxE '{top}' | cut -d/ -f1 | sort -u"
        " | xargs -I{} git mv {} backend/",
        "git add . && git commit --quiet --message 'Into a sub-folder'",
        "git push heroku HEAD:main",
    )
    assert "Beehives" in browser.get("/").text
    assert "No migrations to apply" in shell(
        stage, "heroku run -x -- python backend/manage.py migrate"
    )


def test_a_project_of_uv_is_deployed(stage, browser):
    folder = stage.folder_of_project()
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "beehives"\nversion = "1"\nrequires-python = ">=3.11"\n'
        f"[tool.uv]\nenvironments = [\"sys_platform == '{sys.platform}'\"]\n"
    )
    pushed = shell(
        stage,
        f"{find_uv()} add --no-sync --requirements requirements.txt",
        "git rm --quiet requirements.txt",
        "git add . && git commit --quiet --message 'With uv'",
        "git push heroku HEAD:main",
    )
    assert "Installing dependencies using 'uv sync" in pushed
    assert "Beehives" in browser.get("/").text


@pytest.fixture
def under_asgi(stage, tmp_path):
    """Serve the project with the page's line; `variables` are a dyno's own."""
    brought = stage.folder.joinpath("home", FOLDER)
    there = next(brought.rglob("manage.py")).parent
    ignored = shutil.ignore_patterns(".venv", ".git")
    project = shutil.copytree(there, tmp_path / "project", ignore=ignored)
    line = shown("web: uvicorn").removeprefix("web: ")

    def serve(settings="", **variables):
        with (project / "mysite" / "settings.py").open("a") as file:
            file.write(f"\n{settings}\n")
        own = dotenv_values(brought / ".env") | {"DEBUG": "false"} | variables
        own |= {"DATABASE_URL": f"sqlite:///{brought / 'db.sqlite3'}"}
        manage(project, own, "collectstatic", "--no-input")
        return serving(project, f"sh -c {shlex.quote(f'exec {line}')}", own)

    return serve


@pytest.mark.parametrize(
    "variables, status",
    [({"FORWARDED_ALLOW_IPS": "*"}, 200), ({}, 301)],
    ids=["a server that reads what Heroku sets", "one that does not"],
)
def test_an_asgi_server_believes_the_router_if_it_reads_the_variable(
    under_asgi, variables, status
):
    with under_asgi(**variables) as served:
        assert ask(served.port, "/", ROUTER, NEIGHBOUR)[0] == status


def test_the_setting_of_the_page_lets_django_believe_the_router(under_asgi):
    with under_asgi(settings=shown("SECURE_PROXY_SSL_HEADER =")) as served:
        assert ask(served.port, "/", ROUTER, NEIGHBOUR)[0] == 200
        assert ask(served.port, "/", {}, NEIGHBOUR)[0] == 301
