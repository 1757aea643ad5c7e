"""The rehearsal reads the pages as a person does."""

import pytest

from docs._extensions.substitutions import APP
from rehearsal.script import Answer, Diff, Excused, Listing, Whose, read_pages
from tests.support import tiny_guide


@pytest.fixture
def read(tmp_path):
    """Build pages (name to text) with Sphinx, and read their script."""

    def build_and_read(excuses=(), **pages):
        return tiny_guide.build(tmp_path, pages, dict(excuses))

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
    assert page.steps[0].text == f"create {APP}"


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


def test_a_prompt_is_known_by_what_follows_the_three_dots(read):
    prompt = "Name (leave blank to use '...'): :kbd:`Ada`"
    [page] = read(index=session("$ ask", prompt, kind="parsed-literal::"))
    assert page.steps[0].answers == (Answer("'):", "Ada"),)


def test_a_parsed_literal_without_a_prompt_is_no_command(read):
    [page] = read(index=session("a tree", kind="parsed-literal::"))
    assert page.steps == ()


def test_a_listing_bears_the_path_of_its_file(read):
    [page] = read(index=session("web: x", option="   :caption: Procfile\n"))
    assert page.steps == (Listing("index", 4, "Procfile", "web: x"),)


def test_an_excused_command_has_its_reason(read):
    text = session("$ brew", "$ apt", option="   :class: not-rehearsed\n")
    [page] = read(index=text, excuses={"brew": "for a Mac", "apt": "for Debian"})
    assert page.steps == ()
    assert page.excused == (
        Excused("index", 4, "$ ", "brew", "for a Mac"),
        Excused("index", 4, "$ ", "apt", "for Debian"),
    )


def test_every_powershell_command_is_excused(read):
    [page] = read(index=session("PS> one", "PS> two", kind="code-block:: ps1con"))
    assert [each.text for each in page.excused] == ["one", "two"]


@pytest.mark.parametrize(
    "name", ["keeps_running", "fails", "opens_browser", "takes_down"]
)
def test_a_class_of_a_block_says_what_its_command_does(read, name):
    option = f"   :class: {name.replace('_', '-')}\n"
    [page] = read(index=session("$ serve", option=option))
    assert getattr(page.steps[0], name)


@pytest.mark.parametrize("name", ["keep-running", "exampleonly"])
def test_an_unknown_class_is_refused(read, name):
    option = f"   :class: {name}\n"
    message = rf"index\.rst, the block at line 4: there is no class {name}; write one"
    with pytest.raises(ValueError, match=message):
        read(index=session("$ serve", option=option))


ONLY = "   :class: example-only\n"
OWN = "In your own project\n-------------------\n\n"


def test_a_block_is_of_both_projects_or_of_one(read):
    both, ours, own = (
        session(command, option=option).removeprefix("Title\n=====\n\n")
        for command, option in [("$ both", ""), ("$ ours", ONLY), ("$ own", "")]
    )
    [page] = read(index=f"Title\n=====\n\n{both}\n{ours}\n{OWN}{own}")
    assert [(step.text, step.whose) for step in page.steps] == [
        ("both", Whose.BOTH),
        ("ours", Whose.EXAMPLE),
        ("own", Whose.OWN),
    ]


def test_a_listing_too_can_be_of_the_example_alone(read):
    text = session("web: x", option=f"   :caption: Procfile\n{ONLY}")
    [page] = read(index=text)
    assert page.steps == (Listing("index", 4, "Procfile", "web: x", Whose.EXAMPLE),)


def test_a_block_for_the_example_among_those_for_others_is_refused(read):
    with pytest.raises(ValueError, match=r"line 7: .* nothing is for the example"):
        read(index=session("$ both", option=ONLY).replace("..", f"{OWN}..", 1))


DIFF = "code-block:: diff"
CAPTION = "   :caption: a.py\n"


def test_a_diff_says_which_lines_go_and_which_come(read):
    [page] = read(
        index=session(" A = [", "-    1,", "+    2,", "", kind=DIFF, option=CAPTION)
    )
    [diff] = page.steps
    assert diff == Diff("index", 4, "a.py", " A = [\n-    1,\n+    2,")
    assert (diff.before, diff.after) == (["A = [", "    1,"], ["A = [", "    2,"])


@pytest.mark.parametrize(
    "lines, option, message",
    [
        (["+ a"], "", "give it a :caption:"),
        ([" a", " b"], CAPTION, "it changes nothing"),
        (["+a"], CAPTION, "show a line next to which"),
        (["a", "+b"], CAPTION, "begins with a blank, . or -, and not 'a'"),
    ],
)
def test_a_diff_that_is_none_is_refused(read, lines, option, message):
    with pytest.raises(
        ValueError, match=rf"index\.rst, the diff at line 4: .*{message}"
    ):
        read(index=session(*lines, kind=DIFF, option=option))


def test_a_console_block_without_a_prompt_is_refused(read):
    with pytest.raises(ValueError, match=r"index\.rst, the block at line 4: it begins"):
        read(index=session("output"))


def test_a_guide_that_is_not_built_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_pages(tmp_path)
