"""The rehearsal reads the pages as a person does."""

import pytest
from sphinx.application import Sphinx

from rehearsal.script import Answer, Listing, read_pages

CONF = """
rst_prolog = ".. |app| replace:: my-app"
"""


@pytest.fixture
def read(tmp_path):
    """Build pages (name to text) with Sphinx, and read their script."""

    def build_and_read(**pages):
        (tmp_path / "conf.py").write_text(CONF)
        for name, text in pages.items():
            (tmp_path / f"{name}.rst").write_text(text)
        Sphinx(
            *[str(tmp_path)] * 2,
            str(tmp_path / "html"),
            str(tmp_path / "doctrees"),
            "dummy",
            status=None,
        ).build()
        return read_pages(tmp_path / "doctrees")

    return build_and_read


def session(*lines, kind="code-block:: console", option=""):
    body = "\n".join(f"   {line}" for line in lines)
    return f"Title\n=====\n\n.. {kind}\n{option}\n{body}\n"


def test_pages_come_in_toctree_order(read):
    pages = read(
        index="Index\n=====\n\n.. toctree::\n\n   second\n   first\n",
        first="First\n=====\n",
        second="Second\n======\n",
    )
    assert [page.title for page in pages] == ["Index", "Second", "First"]


def test_a_block_is_split_into_commands_and_outputs(read):
    [page] = read(index=session("$ one", "1", "...", "$ two", "$ three", "3"))
    assert [(step.text, step.output) for step in page.steps] == [
        ("one", "1\n..."),
        ("two", ""),
        ("three", "3"),
    ]


def test_a_command_goes_on_after_a_backslash(read):
    [page] = read(index=session("$ one \\", "    two", "out"))
    assert page.steps[0].text == "one \\\n    two"
    assert page.steps[0].output == "out"


def test_substitutions_are_in_place(read):
    [page] = read(index=session("$ create |app|", kind="parsed-literal::"))
    assert page.steps[0].text == "create my-app"


def test_typed_answers_are_found_with_their_prompts(read):
    [page] = read(
        index=session(
            "$ ask",
            "Press a key: :kbd:`Enter`",
            "Name: :kbd:`Ada`",
            "Password:",
            "Hello",
            kind="parsed-literal::",
        )
    )
    [command] = page.steps
    assert command.answers == (
        Answer("Press a key:", ""),
        Answer("Name:", "Ada"),
        Answer("Password:", None),
    )
    assert command.output == "Press a key:\nName: Ada\nPassword:\nHello"


def test_a_parsed_literal_without_a_prompt_is_no_command(read):
    [page] = read(index=session("a tree", kind="parsed-literal::"))
    assert page.steps == ()


def test_a_command_that_keeps_running_is_marked(read):
    [page] = read(index=session("$ serve", option="   :class: keeps-running\n"))
    assert page.steps[0].keeps_running


def test_a_listing_bears_the_path_of_its_file(read):
    [page] = read(index=session("web: x", option="   :caption: Procfile\n"))
    assert page.steps == (Listing("index", 4, "Procfile", "web: x"),)


def test_an_excused_block_has_its_reason(read):
    text = session("$ brew", option="   :class: not-rehearsed\n")
    [page] = read(index=text.replace(".. code", ".. Not rehearsed: x.\n\n.. code"))
    assert page.steps == ()
    assert page.excused[0].reason == "Not rehearsed: x."


def test_an_excused_block_without_a_reason_is_refused(read):
    text = session("$ brew", option="   :class: not-rehearsed\n")
    with pytest.raises(ValueError, match="index:4: no comment says why"):
        read(index=text)


def test_a_console_block_without_a_prompt_is_refused(read):
    with pytest.raises(ValueError, match="index:4: the block begins without"):
        read(index=session("output"))


def test_a_guide_that_is_not_built_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_pages(tmp_path)
