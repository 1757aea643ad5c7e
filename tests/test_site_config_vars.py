"""A config var is the same in the example's files and on every page."""

import re
import shlex

from docutils import nodes
from sphinx import addnodes

from rehearsal.script import Whose
from tests.support.config_vars import BUTTON, EXAMPLE, VARIABLES
from tests.support.pages import commands, doctree, excused


def on_page(blocks, page="deploy/create"):
    """Return the commands of a page but those of another project than the example."""
    found = [each for each in blocks() if each.page == page]
    return [each.text for each in found if getattr(each, "whose", "") != Whose.OWN]


def assigned(texts):
    """Return the variables that `heroku config:set` sets in these commands."""
    return dict(
        word.split("=", 1)
        for text in texts
        if "heroku config:set" in text
        for word in shlex.split(text)
        if re.match("[A-Z_]+=", word)
    )


def test_the_button_sets_what_the_create_page_sets():
    """app.json is for Heroku's deploy button and review apps."""
    shown = assigned(on_page(commands))
    assert shown.keys() == BUTTON["env"].keys(), (
        "docs/deploy/create.rst must set what example/app.json sets"
    )
    for name, entry in BUTTON["env"].items():
        assert entry.get("generator") == "secret" or entry["value"] == shown[name]


def test_the_button_sets_nothing_that_no_test_holds():
    assert BUTTON.keys() == {
        *("name", "description", "keywords"),  # what the button's page says
        *("env", "formation", "addons"),
    }


def test_powershell_sets_what_it_cannot_share_with_other_shells():
    generated = {name for name, entry in BUTTON["env"].items() if "value" not in entry}
    assert assigned(on_page(excused)).keys() == generated


def test_the_button_orders_the_database_of_the_create_page():
    [ordered] = [text for text in on_page(commands) if "addons:create" in text]
    assert BUTTON["addons"] == [ordered.split()[-1]], (
        f"example/app.json orders {BUTTON['addons']}, docs/deploy/create.rst: {ordered}"
    )


def test_the_button_starts_the_dynos_that_the_push_page_shows():
    [shown] = [
        each.output
        for each in commands()
        if each.page == "deploy/push" and each.text == "heroku ps"
    ]
    line = re.compile(r"^=== (\w+) \(([\w-]+)\): (.+) \((\d+)\)$", re.MULTILINE)
    assert BUTTON["formation"] == {
        name: {"quantity": int(quantity), "size": size.lower()}
        for name, size, _, quantity in line.findall(shown)
    }, f"example/app.json starts {BUTTON['formation']}, docs/deploy/push.rst:\n{shown}"
    for name, _, command, _ in line.findall(shown):
        assert f"{name}: {command}\n" in (EXAMPLE / "Procfile").read_text()


def test_every_variable_is_declared_in_the_reference():
    declared = {
        signature.astext()
        for section in doctree("reference/config-vars").findall(nodes.section)
        if section[0].astext() == "Variables you set"
        for description in section.findall(addnodes.desc)
        if description["objtype"] == "envvar"
        for signature in description.findall(addnodes.desc_signature)
    }
    assert declared == VARIABLES.keys(), (
        "docs/reference/config-vars.rst must declare what example/staff/settings.py "
        "reads, and nothing else"
    )
