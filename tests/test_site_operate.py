"""The numbers of the operate pages, held against what the app and Django have."""

import re
import runpy
import subprocess
import sys

import pytest
from django.conf import settings
from docutils import nodes

from docs._extensions.facts import FACTS
from rehearsal.heroku.model import PLANS, SIZES, WORKER_MEMORY
from tests.conftest import ROOT
from tests.support.config_vars import EXAMPLE, PRODUCTION, run_settings
from tests.support.pages import commands, doctree

POOL = run_settings(PRODUCTION)["DATABASES"]["default"]["OPTIONS"]["pool"]["max_size"]
THREADS = runpy.run_path(EXAMPLE / "gunicorn.conf.py")["threads"]


WORKFLOW = EXAMPLE / ".github" / "workflows" / "deploy.yaml"
DAY = 24 * 60 * 60


def rows():
    """Return the cells of each row of the page's table."""
    (table,) = doctree("operate/scale").findall(nodes.table)
    (body,) = table.findall(nodes.tbody)
    return [[entry.astext() for entry in row] for row in body]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_a_row_adds_up(row):
    dynos, size, half = re.fullmatch(
        r"(\d) ([\w-]+)(, half the pool)?", row[0]
    ).groups()
    workers = SIZES[size].memory // WORKER_MEMORY
    pool = POOL // 2 if half else POOL
    assert [int(cell) for cell in row[1:4]] == [
        workers,
        int(dynos) * workers * THREADS,
        int(dynos) * 2 * workers * pool,
    ]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_the_plan_of_a_row_has_the_connections_and_a_smaller_one_has_not(row):
    plan, shown = re.fullmatch(r"([\w-]+) \((\d+)\)", row[4]).groups()
    limit = FACTS[f"{plan}-connections"].value
    assert int(shown) == limit >= int(row[3])
    cheaper = [p.connections for p in PLANS.values() if p.price < PLANS[plan].price]
    assert all(each < int(row[3]) for each in cheaper)


def test_a_row_of_several_dynos_has_a_type_that_allows_them():
    for dynos, size in (re.match(r"(\d) ([\w-]+)", row[0]).groups() for row in rows()):
        assert int(dynos) <= SIZES[size].most


def test_the_page_halves_the_pool_and_restores_it():
    typed = [each.text for each in commands() if each.page == "operate/scale"]
    sizes = [int(text[-1]) for text in typed if "DATABASE_POOL_SIZE=" in text]
    assert sizes == [POOL // 2, POOL]


@pytest.mark.parametrize(
    "fact, setting",
    [("session-life", "SESSION_COOKIE_AGE"), ("reset-life", "PASSWORD_RESET_TIMEOUT")],
)
def test_the_example_keeps_sessions_and_links_as_long_as_the_page_says(fact, setting):
    assert FACTS[fact].value * DAY == getattr(settings, setting)


def test_the_workflow_is_what_github_takes():
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    run = [*check, "vendor.github-workflows", WORKFLOW]
    checked = subprocess.run(run, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def test_the_workflow_deploys_as_the_page_does():
    typed = [each.text for each in commands() if each.page == "operate/ci"]
    [push] = [text for text in typed if text.startswith("git push")]
    assert f"- run: {push}\n" in WORKFLOW.read_text()


def test_the_workflow_names_the_actions_of_this_repository():
    """So that whoever updates them updates both."""
    used = re.compile(r"uses: (\S+@\S+ # \S+)")
    ours = used.findall((ROOT / ".github" / "workflows" / "tests.yaml").read_text())
    assert set(used.findall(WORKFLOW.read_text())) <= set(ours)
