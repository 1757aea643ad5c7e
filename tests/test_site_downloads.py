"""A reader who has only the site can start: from its downloads, or its repository."""

import os
import re
import subprocess
import sys
import zipfile

import pytest

from docs._extensions.downloads import DOWNLOADS, FINISHED, GUIDE, START
from docs._extensions.repository import web_address
from tests.conftest import ROOT
from tools.tracked import tracked

ADDRESS = "https://git.example.org/surveys/guide"
# What says where a build runs: no test may depend on that.
WHERE = {"READTHEDOCS_GIT_CLONE_URL", "GITHUB_REPOSITORY", "GITHUB_SERVER_URL"}

pytestmark = pytest.mark.usefixtures("site")


def contents(archive, root=ROOT):
    """Return the files in a download by their names."""
    file = DOWNLOADS.relative_to(ROOT) / f"{archive}.zip"
    with zipfile.ZipFile(root / file) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """Return the guide as a reader has it who downloaded it, without git's folder."""
    folder = tmp_path_factory.mktemp("reader")
    with zipfile.ZipFile(DOWNLOADS / f"{GUIDE}.zip") as archive:
        archive.extractall(folder)
    return folder / GUIDE


def build(folder, **variables):
    """Build the pages of an unpacked guide; return what the reader then sees."""
    environment = {key: os.environ[key] for key in os.environ.keys() - WHERE}
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning"]
    command += ["--nitpicky", "--conf-dir", ".", "docs", "build/html"]
    subprocess.run(command, cwd=folder, env=environment | variables, check=True)
    page = (folder / "build" / "html" / "rehearse.html").read_text()
    return re.sub(r"<[^>]+>", "", page)


def test_the_guide_is_what_git_tracks():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    here = {name for name in listed.stdout.split("\0") if (ROOT / name).is_file()}
    assert contents(GUIDE).keys() == {f"{GUIDE}/{name}" for name in here}


def test_the_finished_app_is_the_example():
    here = {f.relative_to(ROOT / "example") for f in tracked(ROOT / "example")}
    assert contents(FINISHED).keys() == {
        f"{FINISHED}/{each.as_posix()}" for each in here
    }


def test_the_start_lacks_what_the_pages_write():
    start, finished = (
        {name.partition("/")[2] for name in contents(archive)}
        for archive in (START, FINISHED)
    )
    missing = finished - start
    assert "Procfile" in missing and "requirements.txt" in missing
    assert "manage.py" not in missing


@pytest.mark.parametrize(
    "page, archive",
    [("prepare/the-app", START), ("prepare/the-app", FINISHED), ("rehearse", GUIDE)],
)
def test_a_page_offers_the_download(page, archive):
    [link] = {
        part.partition('"')[0]
        for part in (ROOT / f"build/html/{page}.html").read_text().split('href="')
        if part.partition('"')[0].endswith(f"/{archive}.zip")
    }
    offered = (ROOT / f"build/html/{page}.html").parent / link
    assert offered.read_bytes() == (DOWNLOADS / f"{archive}.zip").read_bytes()


def test_an_unpacked_guide_builds_the_same_downloads_and_invents_no_address(unpacked):
    assert "git clone" not in build(unpacked)
    for archive in (START, FINISHED, GUIDE):
        assert contents(archive, root=unpacked) == contents(archive)


def test_a_build_that_knows_the_repository_names_it(unpacked):
    page = build(unpacked, READTHEDOCS_GIT_CLONE_URL=f"{ADDRESS}.git")
    assert f"git clone {ADDRESS} {GUIDE}" in page
    assert f"{GUIDE}.zip" in page


@pytest.mark.parametrize(
    "remote, expected",
    [
        ("https://git.example.org/surveys/guide.git", ADDRESS),
        ("https://ada:token@git.example.org/surveys/guide", ADDRESS),
        ("git@git.example.org:surveys/guide.git", ADDRESS),
        ("ssh://git@git.example.org:2222/surveys/guide.git", ADDRESS),
        ("http://git.example.org:8080/guide", "http://git.example.org:8080/guide"),
        ("/srv/git/guide.git", None),
        ("../guide", None),
        ("file:///srv/git/guide", None),
        ("http://localhost:3000/guide", None),
        ("http://127.0.0.1/guide", None),
        ("", None),
    ],
)
def test_only_an_address_on_the_web_is_named(remote, expected):
    assert web_address(remote) == expected
