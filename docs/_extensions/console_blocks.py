"""Render a parsed-literal that shows a terminal as Pygments renders a console block.

Sphinx highlights no literal block that holds inline markup, such as ``|app|``:
prompts, commands and output would look alike, and differ from the next block.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

PROMPT = "$ "


class ConsoleBlocks(SphinxPostTransform):
    """Mark prompts (``gp``) and output (``go``), and add the highlighter's boxes."""

    default_priority = 500
    formats = ("html",)

    def run(self):
        for block in list(self.document.findall(nodes.literal_block)):
            text = block.astext()
            if block.rawsource != text and text.startswith(PROMPT):
                block[:] = mark_lines(block)
                highlight = nodes.container("", classes=["highlight"])
                outer = nodes.container("", highlight, classes=["highlight-console"])
                block.replace_self(outer)
                highlight += block


def mark_lines(block):
    """Return the block's inline nodes, line by line, with Pygments' classes."""
    marked = []
    for line, continued in lines_of(block):
        if line and isinstance(line[0], nodes.Text) and line[0].startswith(PROMPT):
            command = nodes.Text(line[0].removeprefix(PROMPT))
            prompt = nodes.inline("", PROMPT, classes=["gp"])
            marked += [prompt, command, *line[1:]]
        elif continued:
            marked += line
        else:
            marked.append(nodes.inline("", "", *line, classes=["go"]))
    return marked


def lines_of(block):
    """Yield each line's nodes, and whether a backslash continues the line before."""
    line, continued = [], False
    for node in block:
        if not isinstance(node, nodes.Text):
            line.append(node)
            continue
        for piece in node.splitlines(keepends=True):
            line.append(nodes.Text(piece))
            if piece.endswith("\n"):
                yield line, continued
                in_command = continued or str(line[0]).startswith(PROMPT)
                continued = in_command and piece.endswith("\\\n")
                line = []
    if line:
        yield line, continued


def setup(app: Sphinx):
    app.add_post_transform(ConsoleBlocks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
