"""The sums of operate/scale, done again with what the app and the plans really have."""

import re
import runpy

import pytest
from docutils import nodes

from docs._extensions.facts import FACTS
from rehearsal.heroku.model import PLANS, SIZES, WORKER_MEMORY
from tests.support.config_vars import EXAMPLE, PRODUCTION, run_settings
from tests.support.pages import commands, doctree

POOL = run_settings(PRODUCTION)["DATABASES"]["default"]["OPTIONS"]["pool"]["max_size"]
THREADS = runpy.run_path(EXAMPLE / "gunicorn.conf.py")["threads"]


def rows():
    """Return the cells of each row of the page's table."""
    (table,) = doctree("operate/scale").findall(nodes.table)
    (body,) = table.findall(nodes.tbody)
    return [[entry.astext() for entry in row] for row in body]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_a_row_adds_up(row):
    dynos, size, half = re.fullmatch(r"(\d) ([\w-]+)(, half the pool)?", row[0]).groups()
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
