"""What a command line runs, as bash and as PowerShell read it.

Both are parsed by the grammars of tree-sitter, so that an operator is never taken for
a text. https://tree-sitter.github.io/py-tree-sitter/
"""

import re
import shlex
from collections.abc import Iterator

import tree_sitter_bash
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

BASH = Parser(Language(tree_sitter_bash.language()))
POWERSHELL = Parser(Language(tree_sitter_powershell.language()))

# What sets a variable of the environment, and what removes it, in either shell.
SET, UNSET = "set-variable", "unset-variable"

# The grammar takes `--` for an operator. PowerShell passes it on to a program, as it
# does "--": "The end-of-parameters token" in
# https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_parsing
END_OF_OPTIONS = re.compile(r'(?<= )--(?= )(?=(?:[^"]*"[^"]*")*[^"]*$)')


class NotParsed(Exception):
    """A line has a place that the shell's grammar does not know."""


def parse_bash(text: str) -> Node:
    """Return the syntax tree; raises NotParsed."""
    return parse(BASH, text)


def parse_powershell(text: str) -> Node:
    """Return the syntax tree; raises NotParsed.

    The grammar lacks what PowerShell has only since version 7, but for && and ||.
    """
    return parse(POWERSHELL, END_OF_OPTIONS.sub('"--"', text))


def parse(parser: Parser, text: str) -> Node:
    root = parser.parse(text.encode()).root_node
    for node in walk(root):
        if node.is_error or node.is_missing:
            raise NotParsed(f"the grammar does not know {node_text(node)!r}")
    return root


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, in the order of the text."""
    yield node
    for child in node.children:
        yield from walk(child)


def node_text(node: Node) -> str:
    return node.text.decode()


# bash -------------------------------------------------------------------------


def run_by_bash(text: str) -> list[str]:
    """Return what a line of bash runs, one command an item, quoted as bash wants it."""
    return [shlex.join(words) for words in bash_commands(parse_bash(text))]


def bash_commands(node: Node) -> Iterator[list[str]]:
    match node.type:
        case "command":
            variables = [each for each in node.named_children if is_assignment(each)]
            names = [node_text(each.named_children[0]) for each in variables]
            yield from map(bash_assignment, variables)
            yield [bash_word(e) for e in node.named_children if not is_assignment(e)]
            yield from ([UNSET, name] for name in names)
        case "declaration_command":
            yield from map(bash_assignment, node.named_children)
        case "unset_command":
            yield from ([UNSET, node_text(name)] for name in node.named_children)
        case "redirected_statement":
            command, redirect = node.named_children
            *before, last = bash_commands(command)
            yield from before
            yield [*last, *node_text(redirect).split()]
        case _:
            for child in node.named_children:
                yield from bash_commands(child)


def is_assignment(node: Node) -> bool:
    return node.type == "variable_assignment"


def bash_assignment(node: Node) -> list[str]:
    name, value = node.named_children
    return [SET, node_text(name), bash_word(value)]


def bash_word(node: Node) -> str:
    """Return a word without its quotes."""
    match node.type:
        case "raw_string":
            return node_text(node)[1:-1]
        case "command_substitution":
            return f"$({'; '.join(map(shlex.join, bash_commands(node)))})"
        case "string" | "concatenation" | "command_name":
            return "".join(bash_word(child) for child in node.named_children)
    return node_text(node)


# PowerShell -------------------------------------------------------------------


def run_by_powershell(text: str) -> list[str]:
    """Return what PowerShell runs, one command an item, quoted as bash wants it.

    What a variable holds takes its place, as if bash had put it in.
    """
    variables: dict[str, str] = {}
    tree = parse_powershell(text)
    return [shlex.join(words) for words in powershell_commands(tree, variables)]


def powershell_commands(node: Node, variables: dict[str, str]) -> Iterator[list[str]]:
    match node.type:
        case "command":
            words = [expand(word, variables) for word in powershell_words(node)]
            removed = re.fullmatch(r"Remove-Item Env:(\w+)", " ".join(words))
            yield [UNSET, removed[1]] if removed else words
        case "assignment_expression":
            left, _, right = node.named_children
            name = node_text(left)
            run = "; ".join(map(shlex.join, powershell_commands(right, variables)))
            value = f"$({run})" if run else "".join(powershell_words(right))
            if name.startswith("$env:"):
                yield [SET, name.removeprefix("$env:"), value]
            else:
                variables[name] = value
        case _:
            for child in node.named_children:
                yield from powershell_commands(child, variables)


def powershell_words(node: Node) -> list[str]:
    """Return the words below a node without their quotes.

    The grammar takes `-3.13` for a number and its sign: what touches is one word.
    """
    words, end = [], None
    for leaf in leaves(node):
        if leaf.type == "command_argument_sep" or node_text(leaf).isspace():
            continue
        text = unquoted(leaf) if leaf.type == "string_literal" else node_text(leaf)
        if text == ",":
            end = None
        elif leaf.start_byte == end:
            words[-1] += text
            end = leaf.end_byte
        else:
            words.append(text)
            end = leaf.end_byte
    return words


def leaves(node: Node) -> Iterator[Node]:
    """Yield the nodes that hold text; a string is one, whatever is in it."""
    if node.type == "string_literal" or not node.children:
        yield node
    else:
        for child in node.children:
            yield from leaves(child)


def unquoted(node: Node) -> str:
    """Return the text of a string.

    https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
    """
    quote, text = node_text(node)[0], node_text(node)[1:-1]
    escaped = rf"`{quote}|{quote}{quote}" if quote == '"' else quote * 2
    return re.sub(escaped, quote, text)


def expand(word: str, variables: dict[str, str]) -> str:
    return re.sub(r"\$\w+", lambda each: variables.get(each[0], each[0]), word)
