"""Show on a page when its commands were last performed.

docs/rehearsal.json is what `make rehearse` wrote. A page gets `rehearsal` in its
template context as long as neither its source nor a file it includes has changed
since. https://www.sphinx-doc.org/en/master/extdev/event_callbacks.html
"""

import hashlib
import json
from pathlib import Path

RECORD = Path(__file__).parent.parent / "rehearsal.json"


def read_record():
    """Return the record, or {} before the first rehearsal.

    Keys: date (ISO 8601), versions (name to text), commands (int), and pages (name to
    {"commands": int, "excused": int, "digest": str}).
    """
    return json.loads(RECORD.read_text()) if RECORD.exists() else {}


def digest(env, name):
    """Return the SHA-256 of a page's source and of what it includes, in hexadecimal."""
    page = Path(env.doc2path(name))
    included = sorted(Path(env.srcdir, each) for each in env.dependencies[name])
    files = [page, *(each for each in included if each.suffix not in {".svg", ".png"})]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def add_rehearsal(app, pagename, templatename, context, doctree):
    page = app.config.rehearsal.get("pages", {}).get(pagename)
    if doctree and page and page["digest"] == digest(app.env, pagename):
        context["rehearsal"] = app.config.rehearsal | page


def setup(app):
    # "html": a new record writes every page anew.
    app.add_config_value("rehearsal", read_record(), "html", [dict])
    app.connect("html-page-context", add_rehearsal)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
