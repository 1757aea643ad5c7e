"""Render a parsed-literal as Pygments renders a code block, and know its line.

Sphinx highlights no literal block that holds inline markup, such as ``|app|``: in a
terminal's text, prompts, commands and output would look alike, and differ from the
next block, and the copy button looks for the highlighter's boxes.
"""

from docutils import nodes
from docutils.parsers.rst.directives import body
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

# A terminal's prompts, each with the language of a code block that shows it.
PROMPTS = {"$ ": "console", "PS> ": "ps1con"}


class ParsedLiteral(body.ParsedLiteral, SphinxDirective):
    """A parsed-literal whose `line` is the directive's, as a code block's is.

    docutils counts the lines of rst_prolog too.
    """

    def run(self):
        found = super().run()
        for node in found:
            self.set_source_info(node)
        return found


class ConsoleBlocks(SphinxPostTransform):
    """Put the highlighter's boxes around each block that Sphinx does not highlight."""

    # Before Sphinx gives every block the default language, at 400.
    default_priority = 300
    formats = ("html",)

    def run(self):
        for block in list(self.document.findall(nodes.literal_block)):
            text = block.astext()
            prompt = prompt_of(text)
            if block.rawsource == text:
                if prompt and "language" not in block:
                    block["language"] = PROMPTS[prompt]
                continue
            if prompt:
                block[:] = mark_lines(block)
            language = PROMPTS.get(prompt, "none")
            highlight = nodes.container("", classes=["highlight"])
            box = nodes.container("", highlight, classes=[f"highlight-{language}"])
            block.replace_self(box)
            highlight += block


def prompt_of(text):
    """Return the prompt that a text begins with, or None."""
    return next((prompt for prompt in PROMPTS if text.startswith(prompt)), None)


def mark_lines(block):
    """Return the block's inline nodes, prompts and output in Pygments' classes."""
    marked = []
    continued = False
    for line in lines_of(block):
        start = line[0].astext()
        prompt = prompt_of(start)
        if prompt:
            marked.append(nodes.inline("", prompt, classes=["gp"]))
            line[0] = nodes.Text(start.removeprefix(prompt))
        if prompt or continued:
            marked += line
            continued = line[-1].astext().endswith("\\\n")
        else:
            marked.append(nodes.inline("", "", *line, classes=["go"]))
    return marked


def lines_of(block):
    """Return the nodes of each line, line ends included."""
    lines = [[]]
    for node in block:
        if not isinstance(node, nodes.Text):
            lines[-1].append(node)
            continue
        for piece in node.splitlines(keepends=True):
            lines[-1].append(nodes.Text(piece))
            if piece.endswith("\n"):
                lines.append([])
    return [line for line in lines if line]


def setup(app: Sphinx):
    app.add_directive("parsed-literal", ParsedLiteral, override=True)
    app.add_post_transform(ConsoleBlocks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
