"""Take the guide's pictures of the app from the running example.

Run from the top level: python -m tools.screenshots
The app runs on a database of its own, with the demo data and one calibration more.
"""

import io
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from tests.support.serving import (
    EXAMPLE,
    config_vars,
    install_example,
    manage,
    serving,
    web_command,
)
from tools import browser

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
THEME = Path(__file__).parents[1] / "docs" / "_theme" / "staff_guide" / "static"
sys.path.append(str(EXAMPLE))

from staff_calibration import demo  # noqa: E402

# Half as wide again as the guide's text, so that the picture stays legible there.
VIEWPORT = {"width": 1000, "height": 860}
PASSWORD = "shown-to-nobody"
NUMBER = "3ba0f939-87bb-4d5f-80e9-f65be7ded84c"
# Few colours are enough for an interface, and make a picture a third of its size.
COLOURS = 16


@contextmanager
def running_app():
    """Start the app with demo data on a free port; give its address."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Over HTTP a page of production would be redirected.
        own = config_vars(f"sqlite:///{folder}/db.sqlite3", DEBUG="true")
        project = install_example(folder, own)
        manage(project, own, "seed_demo", "--password", PASSWORD)
        with serving(project, web_command(project), own) as server:
            yield server.address


def readings():
    """Return the readings of a staff that is 30 ppm too long, as a surveyor's file."""
    value = 0.062
    lines = ["PIN,READING,COUNT,SD"]
    for pin, height in enumerate([*demo.heights_in(3).values(), 0], start=1):
        lines.append(f"{pin},{value:.5f},10,0.00002")
        value += height / 1.00003
    return "\n".join(lines).encode()


def calibrate(tab):
    """Sign in as the demo surveyor and calibrate a staff."""
    tab.goto("/accounts/login/")
    tab.get_by_label("E-mail").fill("surveyor@example.com")
    tab.get_by_label("Password").fill(PASSWORD)
    with tab.expect_navigation():
        tab.get_by_role("main").get_by_role("button", name="Log in").click()
    tab.goto("/calibrations/new/")
    for name, number in (("staff", "900201"), ("level", "900100")):
        field = tab.locator(f"select[name={name}]")
        choice = field.locator("option", has_text=number)
        field.select_option(choice.get_attribute("value"))
    tab.get_by_label("Observation date").fill("2025-03-18")
    tab.get_by_label("Start temperature").fill("24.5")
    tab.get_by_label("End temperature").fill("25.5")
    tab.get_by_label("two-peg").check()
    tab.get_by_label("Readings").set_input_files(
        {"name": "900201.csv", "mimeType": "text/csv", "buffer": readings()}
    )
    store(tab.screenshot(), FOLDER / "upload.png")
    with tab.expect_navigation(url="**/calibrations/*-*/"):
        tab.get_by_role("button", name="Calibrate").click()
    # Each certificate has a number of its own, and the picture always the same one.
    number = tab.url.rstrip("/").rpartition("/")[2]
    tab.get_by_text(number, exact=True).evaluate(
        f"node => node.textContent = '{NUMBER}'"
    )


def take_preview(chromium):
    """Store the picture that a chat or a social network shows beside a link."""
    drawing = (FOLDER / "push-to-request.svg").read_text()
    tab = chromium.new_page(viewport={"width": 1200, "height": 630})
    tab.set_content(f"""
        <style>
          body {{ display: flex; align-items: center; gap: 60px; margin: 0;
                 padding: 0 80px; height: 630px; font: 26px/1.5 system-ui;
                 color: #1f2a33; border-top: 14px solid #0b5a6b;
                 box-sizing: border-box; }}
          h1 {{ font-size: 60px; line-height: 1.15; letter-spacing: -0.02em; }}
          svg {{ height: 540px; flex: none; }}
        </style>
        <div>
          <h1>Deploying the Staff Calibration App on Heroku</h1>
          <p>A Django project, from a folder to a running site.</p>
        </div>
        {drawing}""")
    store(tab.screenshot(), THEME / "preview.png")


def store(picture, file):
    """Write a screenshot with as few colours as it needs."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    print(f"{file.name}: {file.stat().st_size:,} bytes")


def main():
    with running_app() as address, browser.running() as chromium:
        tab = chromium.new_page(base_url=address, viewport=VIEWPORT, locale="en-AU")
        tab.goto("/")
        for scheme, name in (("dark", "home-dark.png"), ("light", "home.png")):
            tab.emulate_media(color_scheme=scheme)
            store(tab.screenshot(full_page=True), FOLDER / name)
        calibrate(tab)
        store(tab.screenshot(), FOLDER / "certificate.png")
        take_preview(chromium)


if __name__ == "__main__":
    main()
