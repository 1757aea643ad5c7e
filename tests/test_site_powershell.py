"""What the pages have for PowerShell, which is parsed, because nobody can perform it.

Each command of a page is for both shells, or it is in tabs, and then the tab for
PowerShell has the same command as PowerShell wants it, or a sentence instead.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from docutils import nodes
from sphinx import addnodes
from tree_sitter import Node

from rehearsal.script import (
    NOT_REHEARSED,
    POWERSHELL_PROMPT,
    is_session,
    line,
    read_session,
    split,
)
from tests.support import shells
from tests.support.pages import SOURCES, TABS, doctree
from tests.support.shells import NotParsed

ABOUT = "https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/"

# Pages whose every command a Windows user types in Linux: they link to the label that
# shows how to get it.
IN_LINUX = ("rehearse", "operate/when-one-machine-is-not-enough")
WSL = "wsl"


@dataclass(frozen=True)
class Lack:
    """What Windows PowerShell 5.1 lacks, or does differently from PowerShell 7.

    `is_it` says whether a node of the syntax tree is that.
    """

    what: str
    instead: str
    source: str
    is_it: Callable[[Node], bool]


def same(node, *texts):
    """Say whether a node is one of these texts; PowerShell ignores capitals."""
    return shells.node_text(node).lower() in texts


def is_changed_argument(node):
    """Say whether a program gets a quoted argument changed, or not at all.

    PowerShell's own commands, which are called Verb-Noun, get it as it is.
    """
    if node.type != "string_literal" or not (command := command_of(node)):
        return False
    argument = shells.unquoted(node)
    is_program = "-" not in shells.powershell_words(command)[0]
    return is_program and (not argument or '"' in argument)


def command_of(node):
    while node and node.type != "command":
        node = node.parent
    return node


LACKS = (
    Lack(
        "&& and ||",
        "write COMMAND; if ($?) { COMMAND }",
        f"{ABOUT}about_pipeline_chain_operators",
        lambda node: node.type == "pipeline_chain_tail",
    ),
    Lack(
        "-Parallel",
        "leave it out",
        "https://learn.microsoft.com/powershell/module/microsoft.powershell.core/"
        "foreach-object",
        lambda node: node.type == "command_parameter" and same(node, "-parallel"),
    ),
    Lack(
        "UTF-8 after > and >>: it writes UTF-16",
        "pipe to Set-Content, or have the reader use an editor",
        f"{ABOUT}about_character_encoding",
        lambda node: node.type == "file_redirection_operator",
    ),
    Lack(
        "the encodings of PowerShell 7: its utf8 has a byte order mark",
        "have the reader use an editor",
        f"{ABOUT}about_character_encoding",
        lambda node: node.type == "command_parameter" and same(node, "-encoding"),
    ),
    Lack(
        "the variables of PowerShell 6 and 7",
        "leave it out",
        f"{ABOUT}about_automatic_variables, {ABOUT}about_preference_variables",
        lambda node: same(
            *(node, "$iswindows", "$islinux", "$ismacos", "$iscoreclr", "$psstyle"),
            "$psnativecommandargumentpassing",
        ),
    ),
    Lack(
        "empty arguments of a program, and double quotes in one",
        "turn the quotes round, or do without them",
        f"{ABOUT}about_parsing#passing-arguments-that-contain-quote-characters",
        is_changed_argument,
    ),
    Lack(
        "curl and wget: there they are its own Invoke-WebRequest",
        "write curl.exe",
        "https://learn.microsoft.com/windows/curl/",
        lambda node: node.type == "command_name" and same(node, "curl", "wget"),
    ),
)

# What begins a command that is not on Windows, with the reason.
GUNICORN = "gunicorn is for UNIX: https://docs.gunicorn.org/en/stable/"
NOT_ON_WINDOWS = {
    r"source ": "venv has Activate.ps1 for PowerShell: "
    "https://docs.python.org/3/library/venv.html#how-venvs-work",
    r"python3": "the launcher is, py and the version: "
    "https://docs.python.org/3/using/windows.html",
    r"\.venv/": "the programs of a virtual environment are in .venv\\Scripts: "
    "https://docs.python.org/3/library/venv.html#how-venvs-work",
    r"gunicorn ": GUNICORN,
    r"heroku local web": GUNICORN,
    r"(apt-get|brew|make|sh|sudo|xcode-select)\b": "it comes with Linux or macOS",
}

# How the two shells write the same: a pattern, what stands for it in the comparison
# (a command a line), and why they differ.
SAME = (
    (r"^py -(\d[\d.]*) ", r"python\1 ", "Windows has a launcher for all its Pythons"),
    (
        r"^source (.+)/bin/activate$|^'(.+)\\Scripts\\Activate.ps1'$",
        r"activate \1\2",
        "venv writes a script for each shell",
    ),
    (r"^echo '(.*)'$", r"echo \1", "PowerShell prints each bare word on its own line"),
    (r"^mv -Force ", "mv ", "without it, PowerShell's mv replaces no file"),
    (r"^curl\.exe ", "curl ", "PowerShell 5.1's own curl is another program"),
    (r"\$env:(\w+)", r"$\1", "a variable of the environment has a drive of its own"),
    (r"^cmd /c '(.+) < (\S+)'$", r"\1 '<' \2", "PowerShell has no <"),
    (
        r"^(cat .+) '>' (\S+)$",
        "\\1\nSet-Content \\2",
        "in Windows PowerShell 5.1, > writes UTF-16",
    ),
)

# What a Windows user types where the first tab has what is not on Windows.
NO_GREP = "PowerShell has no grep: the reader copies the id out of a line"
INSTEAD = {
    'python -c "import staff.wsgi"': GUNICORN,
    'heroku logs --num 200 | Select-String "status=500"': NO_GREP,
    '$ID = "request_id=THE-ID-IN-THAT-LINE"': NO_GREP,
    "heroku logs --num 200 | Select-String $ID": NO_GREP,
}


# Both shells -------------------------------------------------------------------


def complaints(text):
    """Return why a line does not do in PowerShell 5.1 and 7; [] if it does."""
    try:
        tree = shells.parse_powershell(text)
    except NotParsed as error:
        return [f"{error}: 5.1 has no ??, ?., ?: and &; write --name VALUE without ="]
    lacking = [
        f"Windows PowerShell 5.1 lacks {lack.what}: {lack.instead} ({lack.source})"
        for lack in LACKS
        if any(map(lack.is_it, shells.walk(tree)))
    ]
    return lacking + strange(shells.run_by_powershell(text))


def strange(commands):
    """Return why commands cannot run on Windows."""
    return [
        f"{command!r} is not on Windows: {reason}"
        for pattern, reason in NOT_ON_WINDOWS.items()
        for command in commands
        if re.match(pattern, command)
    ]


def complaints_of_both(text):
    """Return why a line of bash does not do in PowerShell; [] if it runs the same."""
    if found := complaints(text):
        return found
    by_bash, by_powershell = shells.run_by_bash(text), shells.run_by_powershell(text)
    if by_bash == by_powershell:
        return []
    return [f"bash runs {by_bash}, PowerShell runs {by_powershell}"]


def normal(commands):
    """Return commands in the words of SAME."""
    text = "\n".join(commands)
    for pattern, same_text, _ in SAME:
        text = re.sub(pattern, same_text, text, flags=re.MULTILINE)
    return text.splitlines()


def difference(posix, powershell):
    """Return what lines of bash and of PowerShell run differently; "" if nothing."""
    first = normal(shells.run_by_bash("\n".join(posix)))
    second = normal(shells.run_by_powershell("\n".join(powershell)))
    return "" if first == second else f"the first runs {first}, the second {second}"


# The pages ---------------------------------------------------------------------


def is_powershell(block):
    return block.astext().startswith(POWERSHELL_PROMPT)


def powershell_lines(block):
    return [each.strip() for each in split(block.astext(), POWERSHELL_PROMPT)]


def in_tabs(node):
    while node := node.parent:
        if isinstance(node, nodes.container) and "tabs" in node["classes"]:
            return True
    return False


def panels(tabs):
    """Return the nodes of each tab by its title."""
    found = {}
    for child in tabs:
        if isinstance(child, nodes.rubric):
            found[child.astext()] = panel = []
        else:
            panel.append(child)
    return found


def blocks(panel):
    return [block for node in panel for block in node.findall(nodes.literal_block)]


def param(name, node, *values):
    where = f"docs/{name}.rst:{line(node)}"
    return pytest.param(where, *values, id=where)


def without_tabs():
    """Return the place and text of each command that has no tabs."""
    return [
        param(name, block, command.text)
        for name in SOURCES
        if name not in IN_LINUX
        for block in doctree(name).findall(nodes.literal_block)
        if is_session(block) and not is_powershell(block) and not in_tabs(block)
        for command in read_session(name, block)
    ]


def for_powershell():
    """Return the place and text of each line that is for PowerShell."""
    return [
        param(name, block, text)
        for name in SOURCES
        for block in doctree(name).findall(nodes.literal_block)
        if is_powershell(block)
        for text in powershell_lines(block)
    ]


def tabs():
    """Return the place of each set of tabs and the nodes in each of its tabs."""
    return [
        param(name, found, *panels(found).values())
        for name in SOURCES
        for found in doctree(name).findall(nodes.container)
        if "tabs" in found["classes"]
    ]


@pytest.mark.parametrize("where, text", without_tabs())
def test_a_command_without_tabs_does_in_powershell_too(where, text):
    assert not (found := complaints_of_both(text)), "\n".join(
        [
            f"{where}: $ {text}",
            *found,
            f"give it the tabs {' and '.join(TABS)}, as in docs/deploy/create.rst",
        ]
    )


@pytest.mark.parametrize("where, text", for_powershell())
def test_a_line_for_powershell_does_in_each_version(where, text):
    found = complaints(text)
    assert not found, "\n".join([f"{where}: PS> {text}", *found])


@pytest.mark.parametrize("where, posix, powershell", tabs())
def test_both_tabs_run_the_same(where, posix, powershell):
    assert powershell, f"{where}: the tab {TABS[1]} is empty: say what to do there"
    performed = [
        command.text
        for block in blocks(posix)
        if NOT_REHEARSED not in block["classes"]
        for command in read_session(where, block)
    ]
    parsed = [
        text
        for block in blocks(powershell)
        if is_powershell(block)
        for text in powershell_lines(block)
    ]
    if performed and parsed and not set(parsed) <= set(INSTEAD):
        assert not (found := difference(performed, parsed)), (
            f"{where}: {found}: make them the same, or give SAME or INSTEAD its reason"
        )


@pytest.mark.parametrize("text", INSTEAD)
def test_what_windows_users_type_instead_is_on_a_page(text):
    assert text in [each.values[1] for each in for_powershell()]


@pytest.mark.parametrize("name", IN_LINUX)
def test_a_page_for_linux_links_to_how_windows_gets_it(name):
    links = doctree(name).findall(addnodes.pending_xref)
    assert WSL in [link["reftarget"] for link in links]


# What is refused ---------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "cp .env.example .env",
        "git diff --no-index ../finished/staff/settings.py staff/settings.py",
        'git commit --message "Prepare for Heroku"',
        "heroku logs --num 20",
        "heroku config:set ALLOWED_HOSTS=.herokuapp.com FROM=calibration@example.com",
        "heroku run -x -- python manage.py check --deploy",
        'heroku run -x -- "python manage.py migrate --check && echo All migrated."',
    ],
)
def test_both_shells_take(text):
    assert not complaints_of_both(text)


@pytest.mark.parametrize(
    "text, named",
    [
        ("DEBUG=false python manage.py check", "set-variable DEBUG false"),
        ("export DEBUG=false", "set-variable DEBUG false"),
        ("unset DEBUG", "unset-variable DEBUG"),
        ("git add . && git status", "lacks && and ||"),
        ("git pull || git status", "lacks && and ||"),
        ("source .venv/bin/activate", "Activate.ps1"),
        ("python3.13 -m venv .venv", "launcher"),
        (".venv/bin/python manage.py check", "Scripts"),
        ("git add \\\n  --all", "does not know"),
        ("python -c 'print(\"a\")'", "double quotes"),
        ("git commit --message ''", "empty arguments"),
        ("pip freeze > requirements.txt", "UTF-16"),
        ("curl --head http://localhost:5006/", "curl.exe"),
        ("make html", "not on Windows"),
        ("gunicorn staff.wsgi", "UNIX"),
        ("python manage.py migrate &", "does not know"),
    ],
)
def test_not_both_shells_take(text, named):
    assert named in "\n".join(complaints_of_both(text))


@pytest.mark.parametrize(
    "text, named",
    [
        ("$name = $env:NAME ?? 'app'", "does not know"),
        ("$name = $true ? 1 : 2", "does not know"),
        ("$app?.Name", "does not know"),
        ("if ($?) { echo", "does not know"),
        ("1..3 | ForEach-Object -Parallel { $_ }", "-Parallel"),
        ("echo a | Set-Content -Encoding utf8NoBOM b", "byte order mark"),
        ("$PSNativeCommandArgumentPassing = 'Legacy'", "variables"),
        ("if ($IsWindows) { py -3.13 --version }", "variables"),
        ('python -c "print(`"a`")"', "double quotes"),
        ("wget https://example.com/", "Invoke-WebRequest"),
    ],
)
def test_powershell_5_refuses(text, named):
    assert named in "\n".join(complaints(text))


@pytest.mark.parametrize(
    "posix, powershell",
    [
        (["python3.13 -m venv .venv"], ["py -3.13 -m venv .venv"]),
        (["source .venv/bin/activate"], [".venv\\Scripts\\Activate.ps1"]),
        (["export DEBUG=false"], ['$env:DEBUG = "false"']),
        (["A=b python c"], ['$env:A = "b"', "python c", "Remove-Item Env:A"]),
        (["git a && echo All done."], ['git a; if ($?) { echo "All done." }']),
        (
            ["heroku b C=\"$(python -c 'd e')\""],
            ['$c = python -c "d e"', "heroku b C=$c"],
        ),
        (
            ["cat a .env > new.env", "mv new.env .env"],
            ['cat "a", ".env" | Set-Content new.env', "mv -Force new.env .env"],
        ),
    ],
)
def test_the_tabs_may_write_the_same_differently(posix, powershell):
    assert not difference(posix, powershell)


@pytest.mark.parametrize(
    "posix, powershell",
    [
        (["python3.13 -m venv .venv"], ["py -3.12 -m venv .venv"]),
        (["export DEBUG=false"], ['$env:DEBUG = "true"']),
        (["unset DEBUG"], ["Remove-Item Env:DEBUGS"]),
        (["A=b python c"], ['$env:A = "b"', "python c"]),
        (["git a && echo b"], ["git a"]),
        (["git a && echo b"], ["echo b; git a"]),
        (["git a"], ["git a --force"]),
        (
            ["heroku b C=\"$(python -c 'd e')\""],
            ['$c = python -c "d"', "heroku b C=$c"],
        ),
    ],
)
def test_the_tabs_may_not_differ_otherwise(posix, powershell):
    assert difference(posix, powershell)
