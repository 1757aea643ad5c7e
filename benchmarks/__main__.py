"""Measure the example under its own Procfile on PostgreSQL; print Markdown tables.

    python -m benchmarks

Beside it stands the floor: a project as startproject writes it, with one view that
answers a word, under the same gunicorn.conf.py. Both run in a virtual environment of
their own, because fpdf2 loads cryptography where the test tools have brought it: 8 MB
that no dyno has. The load comes from wrk, on the same machine, so compare within one
run and never across machines.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import timeit
import venv
from functools import partial
from pathlib import Path

from rehearsal.postgres import Server
from tests.support.serving import (
    EXAMPLE,
    ROUTER,
    ask,
    config_vars,
    install_example,
    manage,
    serving,
    web_command,
)

sys.path.insert(0, str(EXAMPLE))

from staff_calibration import computation, demo
from tests.support import campaigns

SECONDS = 5
CONNECTIONS = (1, 8, 32)
WORKERS = 2  # what Heroku's buildpack sets on the smallest dynos

# Two set-ups that together see the 21 pins of the demo range.
KNOWN = dict(enumerate(demo.HEIGHTS, start=1))
RUNS = [
    campaigns.run(KNOWN, pins, sigma=lambda: 1e-5)
    for pins in (campaigns.UPPER, campaigns.LOWER)
]

START = "Start to first answer, s"
WORKER = "Memory of a worker, MB"
AFTER_PDF = "Memory of a worker after certificates as PDF, MB"
TOGETHER = "Memory of master and workers, what they share counted once, MB"

BARE_URLS = """\
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse("Hello"))]
"""
BARE_SETTINGS = """
DEBUG = False
ALLOWED_HOSTS = ["*"]
"""
# What the load needs to know of the demo data, as one line of JSON.
FACTS = """
import json
from django.contrib.auth import get_user_model
from django.templatetags.static import static
from django.test import Client
from instruments.models import DigitalLevel, Staff
client = Client()
client.force_login(
    get_user_model().objects.get(email="surveyor@example.com"),
    "django.contrib.auth.backends.ModelBackend",
)
print(json.dumps({
    "session": client.cookies["sessionid"].value,
    "staff": Staff.objects.get(number="900301").pk,
    "level": DigitalLevel.objects.get(number="900100").pk,
    "style": static("style.css"),
}))
"""


def main():
    if not shutil.which("wrk"):
        sys.exit("wrk is missing: on Debian and Ubuntu apt-get install wrk")
    with tempfile.TemporaryDirectory() as name, Server(Path(name)) as postgres:
        folder = Path(name)
        python = install_requirements(folder / "venv")
        bare = measure_bare(folder, python)
        url = postgres.create_database("bench")
        example = measure_example(folder, url, python)
    print(f"{WORKERS} workers, {SECONDS} s each, {os.cpu_count()} cores\n")
    print("| Page | Connections | Requests/s | p50 ms | p99 ms |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for page, connections, answer in bare["load"] + example["load"]:
        rate, p50, p99 = (answer[key] for key in ("rate", "p50", "p99"))
        print(f"| {page} | {connections} | {rate:.0f} | {p50:.1f} | {p99:.1f} |")
    print("\n| | Bare project | Example |")
    print("| --- | ---: | ---: |")
    for line in (START, WORKER, TOGETHER):
        print(f"| {line} | {bare[line]:.2f} | {example[line]:.2f} |")
    print(f"| {AFTER_PDF} | | {example[AFTER_PDF]:.2f} |")
    print(f"| Calibration of 21 pins, ms | | {computation_milliseconds():.2f} |")


def install_requirements(folder):
    """Return the Python of a new virtual environment with what a dyno would have."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet", "--quiet", "--requirement"]
    subprocess.run([*install, EXAMPLE / "requirements.txt"], check=True)
    return python


def measure_bare(folder, python):
    project = folder / "startproject"
    project.mkdir()
    start = [python, "-m", "django", "startproject", "bare", project]
    subprocess.run(start, check=True)
    (project / "bare" / "urls.py").write_text(BARE_URLS)
    with (project / "bare" / "settings.py").open("a") as settings:
        settings.write(BARE_SETTINGS)
    shutil.copy(EXAMPLE / "gunicorn.conf.py", project)
    command = "gunicorn --config gunicorn.conf.py bare.wsgi"
    with serving(project, command, os.environ, WORKERS, python) as server:
        load = under_load("Bare project", server.address + "/", {})
        return figures_of(server, load)


def measure_example(folder, database, python):
    own = config_vars(database)
    project = install_example(folder, own, python)
    in_project = partial(manage, project, own, python=python)
    in_project("seed_demo")
    facts = json.loads(in_project("shell", "-v0", "-c", FACTS))
    signed_in = {"Cookie": f"sessionid={facts['session']}"}
    command = web_command(project)
    with serving(project, command, own, WORKERS, python) as server:
        address = server.address
        upload, headers = calibration_form(address, facts)
        (folder / "upload").write_bytes(upload)
        load = [
            *under_load("Home page", address + "/", {}),
            *under_load(
                "Static file", address + facts["style"], {"Accept-Encoding": "br"}
            ),
            *under_load(
                "Upload with calculation",
                address + "/calibrations/new/",
                headers,
                folder / "upload",
            ),
            *under_load(
                "List, signed in, 25 rows", address + "/calibrations/", signed_in
            ),
        ]
        _, _, listed = ask(server.port, "/calibrations/", ROUTER | signed_in)
        [certificate, *_] = re.findall("/calibrations/[0-9a-f]{8}-[^/]+/", listed)
        figures = figures_of(server, load)
        figures["load"] += under_load(
            "Certificate as PDF", f"{address}{certificate}pdf/", signed_in
        )
        figures[AFTER_PDF] = memory(server.process.pid)[WORKER]
    return figures


def calibration_form(address, facts):
    """Body and headers of the form of a calibration; DAY stands for its date."""
    token = "a" * 32  # Django compares form and cookie, and the cookie is ours
    fields = {
        "csrfmiddlewaretoken": token,
        "staff": facts["staff"],
        "level": facts["level"],
        "observer": "Sam Surveyor",
        "date": "DAY",
        "start_temperature": 19,
        "end_temperature": 22,
        "two_peg_test": "on",
        'file"; filename="readings.csv': campaigns.csv_file(RUNS),
    }
    part = '--boundary\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    parts = [part.format(name, value) for name, value in fields.items()]
    headers = {
        "Content-Type": "multipart/form-data; boundary=boundary",
        "Cookie": f"sessionid={facts['session']}; csrftoken={token}",
        "Origin": address.replace("http:", "https:"),
    }
    return ("".join(parts) + "--boundary--\r\n").encode(), headers


def figures_of(server, load):
    """{figure: value} of a server that has stood the load."""
    start = {"load": load, START: server.seconds_to_first_answer}
    return start | memory(server.process.pid)


def memory(master):
    """{figure: MB} of a server's processes, as Linux accounts for them.

    https://www.kernel.org/doc/html/latest/filesystems/proc.html
    """
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    rollups = [
        Path(f"/proc/{process}/smaps_rollup").read_text()
        for process in [master, *children]
    ]
    resident, proportional = (
        [
            int(re.search(rf"^{key}: +(\d+) kB", text, re.M)[1]) / 1024
            for text in rollups
        ]
        for key in ("Rss", "Pss")
    )
    return {WORKER: max(resident[1:]), TOGETHER: sum(proportional)}


def under_load(page, url, headers, body=None):
    """[(page, connections, wrk's figures)]; RuntimeError for any wrong answer."""
    arguments = ["200"] if body is None else ["302", str(body), "0"]
    rows = []
    for connections, seconds in [(1, 1), *((n, SECONDS) for n in CONNECTIONS)]:
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--timeout=30"]
        for name, value in (ROUTER | headers).items():
            command += ["-H", f"{name}: {value}"]
        script = str(Path(__file__).with_name("wrk.lua"))
        output = subprocess.check_output(
            [*command, "-s", script, url, "--", *arguments], text=True
        )
        answer = json.loads(output.splitlines()[-1])
        if answer["wrong"]:
            raise RuntimeError(f"{page}: {answer['wrong']} wrong answers\n{output}")
        arguments[2:] = [str(answer["day"])] if body else []
        rows.append((page, connections, answer))
    return rows[1:]  # the first has warmed the server up


def computation_milliseconds():
    """Median time to calibrate a staff from two set-ups over the 21 pins."""

    def calibrate():
        computation.calibrate(
            RUNS,
            KNOWN,
            start_temperature=19,
            end_temperature=22,
            thermal_coefficient=1e-6,
            standard_temperature=25,
        )

    return sorted(timeit.repeat(calibrate, number=20, repeat=5))[2] / 20 * 1000


if __name__ == "__main__":
    main()
