"""A page says that its commands were performed until something on it changes."""

import json
from types import SimpleNamespace

import pytest

from rehearsal.record import site_extension

extension = site_extension()


@pytest.fixture
def guide(tmp_path):
    """A guide with one page that includes one file, as Sphinx's environment sees it."""
    (tmp_path / "page.rst").write_text("Title")
    (tmp_path / "Procfile").write_text("web: x")
    (tmp_path / "picture.svg").write_text("<svg/>")
    return SimpleNamespace(
        srcdir=tmp_path,
        doc2path=lambda name: tmp_path / f"{name}.rst",
        dependencies={"page": {"Procfile", "picture.svg"}},
    )


@pytest.fixture
def context_of(guide):
    """Return the template context that a record gives to the page."""

    def ask(record, page="page"):
        app = SimpleNamespace(config=SimpleNamespace(rehearsal=record), env=guide)
        context = {}
        extension.add_rehearsal(app, page, "page.html", context, doctree=object())
        return context

    return ask


@pytest.fixture
def record(guide):
    page = {"commands": 3, "digest": extension.digest(guide, "page")}
    return {"date": "2026-11-23", "versions": {}, "pages": {"page": page}}


def test_a_performed_page_says_so(context_of, record):
    assert context_of(record)["rehearsal"]["date"] == "2026-11-23"
    assert context_of(record)["rehearsal"]["commands"] == 3


@pytest.mark.parametrize("name", ["page.rst", "Procfile"])
def test_a_page_that_changed_says_nothing(context_of, record, guide, name):
    (guide.srcdir / name).write_text("changed")
    assert context_of(record) == {}


def test_a_picture_is_no_part_of_what_was_performed(context_of, record, guide):
    (guide.srcdir / "picture.svg").write_text("changed")
    assert "rehearsal" in context_of(record)


def test_a_page_without_commands_says_nothing(context_of, record):
    assert context_of(record, page="other") == {}


def test_before_the_first_rehearsal_no_page_says_anything(context_of):
    assert context_of({}) == {}


def test_a_missing_record_is_empty(monkeypatch, tmp_path):
    monkeypatch.setattr(extension, "RECORD", tmp_path / "rehearsal.json")
    assert extension.read_record() == {}
    extension.RECORD.write_text(json.dumps({"date": "2026-11-23"}))
    assert extension.read_record() == {"date": "2026-11-23"}
