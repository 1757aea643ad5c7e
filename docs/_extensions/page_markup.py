"""The markup that the theme and a screen reader need and Sphinx does not write."""

import copy
import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.images import get_image_size
from sphinx.writers.html5 import HTML5Translator


class Translator(HTML5Translator):
    """Sphinx's HTML with what its menu leaves out."""

    def starttag(self, node, tagname, *args, **attributes):
        # A toctree's caption has the role of a heading, which wants a level.
        if attributes.get("ROLE") == "heading":
            attributes["aria-level"] = "2"
        # https://www.w3.org/TR/wai-aria-1.2/#aria-current
        if tagname == "a" and "current" in node.get("classes", ()):
            attributes["aria-current"] = "page"
        if tagname == "img":
            # A browser that knows them leaves room for the picture before it comes.
            attributes["width"], attributes["height"] = size(self.picture)
        return super().starttag(node, tagname, *args, **attributes)

    # A box with the class fold is closed until somebody wants to see what is in it.
    def visit_admonition(self, node, name=""):
        if "fold" in node["classes"]:
            self.body.append(self.starttag(node, "details", CLASS="fold"))
        else:
            super().visit_admonition(node, name)

    def depart_admonition(self, node=None):
        if "fold" in node["classes"]:
            self.body.append("</details>\n")
        else:
            super().depart_admonition(node)

    def visit_title(self, node):
        if "fold" in node.parent.get("classes", ()):
            self.body.append("<summary>")
        else:
            super().visit_title(node)

    def depart_title(self, node):
        if "fold" in node.parent.get("classes", ()):
            self.body.append("</summary>\n")
        else:
            super().depart_title(node)

    def visit_image(self, node):
        self.picture = Path(self.builder.srcdir, node["uri"])
        super().visit_image(node)


def size(picture: Path) -> tuple[int, int]:
    """Return the width and height of a picture in pixels; raises ValueError if the
    file does not say."""
    if picture.suffix == ".svg":
        _, _, *numbers = re.search(r'viewBox="([^"]+)', picture.read_text())[1].split()
        return int(numbers[0]), int(numbers[1])
    if found := get_image_size(picture):
        return found
    raise ValueError(f"{picture} is no picture")


class Pictures(SphinxTransform):
    """Have a screenshot loaded when it comes into view, and in the page's colours.

    Beside NAME.png a NAME-dark.png shows the same in the dark scheme.
    """

    default_priority = 500

    def apply(self):
        for image in list(self.document.findall(nodes.image)):
            light = Path(image["uri"])
            if light.suffix != ".png":
                continue
            image["loading"] = "lazy"
            dark = light.with_stem(f"{light.stem}-dark")
            if Path(self.env.srcdir, *dark.parts[1:]).exists():
                twin = image.deepcopy()
                twin["uri"] = str(dark)
                image["classes"].append("only-light")
                twin["classes"].append("only-dark")
                image.parent.insert(image.parent.index(image) + 1, twin)


class TableBoxes(SphinxPostTransform):
    """Put each table into a box, which scrolls where the table is too wide."""

    default_priority = 500
    formats = ("html",)

    def run(self):
        for table in list(self.document.findall(nodes.table)):
            box = nodes.container("", classes=["table-box"])
            table.parent.replace(table, box)
            box += table


def add_description(app, pagename, templatename, context, doctree):
    """Give templates the page's first paragraph, and the site's own address."""
    context["site"] = app.config.html_baseurl
    if doctree:
        paragraph = next(doctree.findall(nodes.paragraph), nodes.paragraph())
        context["description"] = " ".join(paragraph.astext().split())


def renew_pages(app, env):
    """Return every page to be written again if one has been read again.

    The menu of each page shows the titles of all, and the search forgets the index
    entries of a page that is not written: https://github.com/sphinx-doc/sphinx/issues/12599
    """
    if env.all_docs == getattr(env, "written", None):
        return []
    env.written = copy.copy(env.all_docs)
    return env.all_docs


def setup(app: Sphinx):
    app.set_translator("html", Translator)
    app.add_transform(Pictures)
    app.add_post_transform(TableBoxes)
    app.connect("html-page-context", add_description)
    app.connect("env-updated", renew_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
