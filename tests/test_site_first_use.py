"""What deploy/open says of the app's first use, done in a real browser as it says."""

import datetime
import re

import pytest
from docutils import nodes

from tests.support.pages import section
from tests.support.serving import (
    EXAMPLE,
    config_vars,
    install_example,
    manage,
    serving,
    web_command,
)
from tools.browser import PATIENCE, running

PAGE = "deploy/open"
PERTH = datetime.timezone(datetime.timedelta(hours=8))


def instructions():
    """Return the fields of the form by their labels: what the page says of each."""
    [fields] = section(PAGE, "Calibrate a staff").findall(nodes.definition_list)
    return {item[0].astext(): item[1][0] for item in fields}


def follow(field, instruction):
    """Do with a field of the form what a paragraph of the page says."""
    typed = list(instruction.findall(nodes.literal))
    match instruction.astext().split():
        case ["Choose", "the", "first", "one."]:
            field.select_option(index=1)  # below the empty choice
        case ["Choose", "yesterday."]:
            yesterday = datetime.datetime.now(PERTH) - datetime.timedelta(days=1)
            field.fill(yesterday.date().isoformat())
        case ["Choose", "the", "file", *_]:
            field.set_input_files(EXAMPLE / typed[0].astext())
        case ["Type", *_]:
            field.fill(typed[0].astext())
        case ["Tick", "the", "box."]:
            field.check()
        case other:
            pytest.fail(f"docs/{PAGE}.rst: this test cannot follow {' '.join(other)!r}")


@pytest.fixture
def seeded(tmp_path):
    """Yield the address of the app after seed_demo, and the surveyor's password."""
    # Over HTTP a page of production would be redirected.
    variables = config_vars(f"sqlite:///{tmp_path}/db.sqlite3", DEBUG="true")
    project = install_example(tmp_path, variables)
    printed = manage(project, variables, "seed_demo")
    [password] = re.findall(r"^surveyor@example\.com  password: (.+)$", printed, re.M)
    with serving(project, web_command(project), variables) as server:
        yield server.address, password


def test_a_reader_who_follows_the_page_has_a_certificate(seeded):
    address, password = seeded
    with running() as browser:
        tab = browser.new_page(base_url=address)
        tab.set_default_timeout(PATIENCE)
        tab.goto("/accounts/login/")
        tab.get_by_label("E-mail").fill("surveyor@example.com")
        tab.get_by_label("Password").fill(password)
        tab.get_by_role("main").get_by_role("button", name="Log in").click()
        tab.get_by_role("link", name="Calibrations").click()
        assert tab.locator("tbody tr").count() == 1
        tab.locator("tbody a").click()
        assert tab.get_by_role("link", name="Certificate as PDF").is_visible()
        tab.get_by_role("link", name="Calibrations", exact=True).click()
        tab.get_by_role("link", name="Calibrate a staff").click()
        for label, instruction in instructions().items():
            follow(
                tab.get_by_label(re.compile(rf"^{re.escape(label)}:?$")), instruction
            )
        assert tab.get_by_label("Observer").input_value() == "Sam Surveyor"
        with tab.expect_navigation():
            tab.get_by_role("button", name="Calibrate").click()
        assert tab.locator(".error-summary").all_inner_texts() == []
        assert tab.get_by_role("link", name="Certificate as PDF").is_visible()
        assert tab.locator(".message.warning").all_inner_texts() == []
