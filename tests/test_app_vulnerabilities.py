"""No package that the app installs has a vulnerability that PyPI knows of.

PyPI gives the records of the Python Packaging Advisory Database with each release:
https://docs.pypi.org/api/json/#get-a-release
"""

import json
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import distribution

import pytest
from packaging.requirements import Requirement

from tests.conftest import ROOT

PYPI = "https://pypi.org"
REQUIREMENTS = ROOT / "example" / "requirements.txt"


def installed():
    """Name and version of what requirements.txt installs here, with all it brings."""
    lines = REQUIREMENTS.read_text().splitlines()
    waiting = [Requirement(line) for line in lines if line and line[0] != "#"]
    seen, versions = set(), {}
    while waiting:
        wanted = waiting.pop()
        if (key := (wanted.name, *sorted(wanted.extras))) in seen:
            continue
        seen.add(key)
        found = distribution(wanted.name)
        versions[found.name] = found.version
        for requirement in map(Requirement, found.requires or []):
            extras = wanted.extras or {""}
            marker = requirement.marker
            if not marker or any(marker.evaluate({"extra": one}) for one in extras):
                waiting.append(requirement)
    return sorted(versions.items())


def vulnerabilities(release, index=PYPI):
    """What the index knows against (name, version), one text each.

    Raises OSError if it cannot be asked.
    """
    name, version = release
    url = f"{index}/pypi/{name}/{version}/json"
    with urllib.request.urlopen(url, timeout=5) as answer:
        known = json.load(answer)["vulnerabilities"]
    return [
        f"{name} {version}: {one['id']}, fixed in {one['fixed_in']}. {one['link']}"
        for one in known
        if not one["withdrawn"]
    ]


def test_what_the_requirements_bring_is_looked_up_too():
    names = {name.lower() for name, _ in installed()}
    assert {"django", "sqlparse", "psycopg-binary", "brotli", "pillow"} <= names
    assert "pytest" not in names


def test_no_package_of_the_app_is_known_to_be_vulnerable():
    found, unanswered = [], []
    with ThreadPoolExecutor(8) as pool:
        asked = {one: pool.submit(vulnerabilities, one) for one in installed()}
    for (name, version), answer in asked.items():
        try:
            found += answer.result()
        except OSError as error:
            unanswered.append(f"{name} {version} ({error})")
    assert not found
    if unanswered:
        count = len(unanswered)
        pytest.skip(f"{PYPI}: no answer for {count} packages: {unanswered[0]} …")


@pytest.fixture
def index():
    """An index with two records of every release, one of them withdrawn."""
    record = {"id": "PYSEC-1", "fixed_in": ["2.0"], "link": "https://osv.dev/PYSEC-1"}
    records = [
        record | {"withdrawn": None},
        record | {"id": "PYSEC-2", "withdrawn": "2026-01-01T00:00:00Z"},
    ]

    class Index(BaseHTTPRequestHandler):
        def do_GET(self):
            is_known = self.path == "/pypi/thing/1.0/json"
            self.send_response(200 if is_known else 404)
            self.end_headers()
            self.wfile.write(json.dumps({"vulnerabilities": records}).encode())

        def log_message(self, *_):
            """Keep the tests' output clean."""

    server = HTTPServer(("127.0.0.1", 0), Index)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_vulnerability_is_told_unless_it_was_withdrawn(index):
    [found] = vulnerabilities(("thing", "1.0"), index)
    assert found == "thing 1.0: PYSEC-1, fixed in ['2.0']. https://osv.dev/PYSEC-1"


def test_an_index_that_does_not_know_the_release_cannot_be_asked(index):
    with pytest.raises(urllib.error.HTTPError):
        vulnerabilities(("thing", "2.0"), index)
    with pytest.raises(OSError):
        vulnerabilities(("thing", "1.0"), "http://127.0.0.1:1")
