"""Cut a listing out of the example by the file's own words.

``literalinclude`` with three options of its many. What the rest would say comes from
the file: the caption is its path in the project, the language follows from its name. A
listing ends with a line of its own, or with the statement that begins there, so what
is added behind it stays out until a page shows it.
https://www.sphinx-doc.org/en/master/usage/restructuredtext/directives.html#directive-literalinclude
"""

import ast
from pathlib import Path

from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.directives.code import LiteralInclude

EXAMPLE = Path(__file__).parents[2] / "example"

# By suffix. The other files of a deployment have a syntax of their own.
LANGUAGES = {".py": "python", ".example": "shell"}


class Listing(LiteralInclude):
    """A file of the example, or the lines from `start-at` to `end-at`.

    Each of these options is a text that is on one line of the file. A `class` is one
    of rehearsal/script.py.
    """

    option_spec = {
        "class": directives.class_option,
        "start-at": directives.unchanged_required,
        "end-at": directives.unchanged_required,
    }

    def run(self):
        file = Path(self.env.relfn2path(self.arguments[0])[1]).resolve()
        if not file.is_relative_to(EXAMPLE) or not file.is_file():
            raise self.error(f"{self.arguments[0]} is no file of the example")
        source = file.read_text()
        begin = self.line("start-at", source) or 1
        end = self.line("end-at", source) or source.count("\n")
        if "start-at" in self.options and "end-at" not in self.options:
            raise self.error("a listing that has a :start-at: wants an :end-at:")
        if file.suffix == ".py":
            end = end_of_statement(source, end)
        if end < begin:
            raise self.error(f":end-at: is on line {end}, :start-at: on {begin}")
        self.options = {
            "caption": file.relative_to(EXAMPLE).as_posix(),
            "language": LANGUAGES.get(file.suffix, "text"),
            "lines": f"{begin}-{end}",
            "class": self.options.get("class", []),
        }
        return super().run()

    def line(self, option: str, source: str) -> int | None:
        """Return the number of the line that an option names, None without one.

        Raises DirectiveError unless there is exactly one.
        """
        text = self.options.get(option)
        if text is None:
            return None
        found = [n for n, line in enumerate(source.splitlines(), 1) if text in line]
        if len(found) != 1:
            where = f"on lines {found}" if found else "on no line"
            raise self.error(f":{option}: {text} is {where} of {self.arguments[0]}")
        return found[0]


def end_of_statement(module: str, line: int) -> int:
    """Return the last line of the top-level statement on a line, else the line."""
    return next(
        (
            statement.end_lineno
            for statement in ast.parse(module).body
            if statement.lineno <= line <= statement.end_lineno
        ),
        line,
    )


def setup(app: Sphinx):
    app.add_directive("literalinclude", Listing, override=True)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
