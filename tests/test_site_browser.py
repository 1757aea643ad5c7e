"""The built guide in a real browser: look, keyboard, copy button, tabs, weight."""

import functools
import gzip
import http.server
import threading

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from tests.conftest import ROOT
from tools.browser import PATIENCE, running

DOCS = ROOT / "docs"
SOURCES = {
    path.relative_to(DOCS).with_suffix("").as_posix(): path.read_text()
    for path in sorted(DOCS.rglob("*.rst"))
}
PAGES = [*SOURCES, "genindex", "search", "404"]
STEPS = [page for page in SOURCES if page.startswith(("prepare/", "deploy/"))]
WITH_TERMINAL = [page for page in SOURCES if "\n   $ " in SOURCES[page]]
TABS = ("macOS and Linux", "Windows PowerShell")
WITH_TABS = [
    page
    for page in SOURCES
    if all(f"   .. rubric:: {title}\n" in SOURCES[page] for title in TABS)
]

PHONE = {"width": 375, "height": 812}
DESKTOP = {"width": 1280, "height": 800}

# The budgets of a first visit; gzip stands for what a server would compress to.
# A picture of the app weighs more than a page, so pictures have their own.
MOST_REQUESTS = 10
MOST_BYTES = 25_000
MOST_PICTURE_BYTES = 30_000


# What the page does when it is resized is done by then.
NEXT_FRAME = "new Promise(done => requestAnimationFrame(() => setTimeout(done)))"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serve files without a line on standard error for each."""

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def address(site):
    """The address of the built guide, served on loopback."""
    handler = functools.partial(QuietHandler, directory=site)
    with http.server.ThreadingHTTPServer(("localhost", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


# Not for the session: Playwright's event loop would keep Django from its database.
@pytest.fixture(scope="module")
def browser():
    """Chromium: the machine's own, or the one that `make test` installed."""
    with running() as browser:
        yield browser


@pytest.fixture
def context(browser, address):
    """A browser that has never been to the guide, at a phone's width."""
    context = browser.new_context(
        base_url=address,
        viewport=PHONE,
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def tab(context):
    """An empty tab of that browser."""
    return context.new_page()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_accessible_in_both_colour_schemes_and_widths(tab, page):
    tab.goto(f"/{page}.html")
    tab.evaluate(AXE_SCRIPT)
    faults = []
    for scheme in ("light", "dark"):
        for viewport in (PHONE, DESKTOP):
            tab.emulate_media(color_scheme=scheme)
            tab.set_viewport_size(viewport)
            tab.evaluate(NEXT_FRAME)
            faults += [
                f"{scheme}, {viewport['width']} px: {fault['id']} at {node['target']}"
                for fault in tab.evaluate("axe.run().then(r => r.violations)")
                for node in fault["nodes"]
            ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_does_not_scroll_sideways(tab, page):
    tab.goto(f"/{page}.html")
    too_wide = []
    for width in (320, PHONE["width"], 768, DESKTOP["width"]):
        tab.set_viewport_size(PHONE | {"width": width})
        if tab.evaluate("document.documentElement.scrollWidth > innerWidth"):
            too_wide.append(width)
    assert not too_wide


@pytest.mark.parametrize("page", PAGES)
def test_a_first_visit_is_light_quiet_and_asks_no_other_host(tab, address, page):
    responses, complaints = [], []
    tab.on("response", lambda response: responses.append(response))
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto(f"/{page}.html")

    assert not complaints
    assert [r.url for r in responses if not r.url.startswith(address)] == []
    assert len(responses) <= MOST_REQUESTS
    # What a browser waits for before it paints.
    assert tab.locator("link[rel=stylesheet]").count() <= 1
    assert tab.locator("script[src]:not([defer])").count() == 0
    weights = {r.url: len(gzip.compress(r.body())) for r in responses}
    pictures = sum(weights.pop(url) for url in list(weights) if "/_images/" in url)
    assert pictures <= MOST_PICTURE_BYTES
    if page in STEPS:
        assert sum(weights.values()) <= MOST_BYTES, weights


@pytest.mark.parametrize("page", WITH_TABS)
def test_a_page_is_whole_without_javascript(browser, address, page):
    context = browser.new_context(
        base_url=address, viewport=PHONE, java_script_enabled=False
    )
    tab = context.new_page()
    tab.goto(f"/{page}.html")
    hidden = [
        element.inner_text()
        for element in tab.locator("main :is(h1, h2, p, pre)").all()
        if not element.is_visible()
    ]
    tab.get_by_role("button", name="Menu").click()
    menu_opened = tab.get_by_role("link", name="Get the app").first.is_visible()
    context.close()
    assert not hidden
    assert menu_opened


def test_the_menu_of_a_phone_opens_and_closes_by_keyboard(tab):
    tab.goto("/index.html")
    tab.get_by_role("button", name="Menu").focus()
    tab.keyboard.press("Enter")
    assert tab.get_by_role("textbox", name="Search").is_visible()
    tab.keyboard.press("Escape")
    assert not tab.get_by_role("textbox", name="Search").is_visible()


def test_the_menu_of_a_phone_opens_and_closes_by_touch(tab):
    tab.goto("/index.html")
    tab.get_by_role("button", name="Menu").click()
    tab.get_by_role("button", name="Close").click()
    assert not tab.get_by_role("textbox", name="Search").is_visible()


def test_the_skip_link_is_the_first_stop_and_leads_to_the_content(tab):
    tab.goto("/index.html")
    tab.keyboard.press("Tab")
    link = tab.locator(":focus")
    assert link.inner_text() == "Skip to the content"
    assert link.bounding_box()["y"] >= 0
    tab.keyboard.press("Enter")
    assert tab.locator(":focus").get_attribute("id") == "main"


def commands_of(text):
    """Return the commands of a transcript: no prompts, no output."""
    commands, continued = [], False
    for line in text.splitlines():
        prompt = next((p for p in ("$ ", "PS> ") if line.startswith(p)), "")
        if prompt or continued:
            commands.append(line.removeprefix(prompt))
            continued = line.endswith("\\")
    return "\n".join(commands)


@pytest.mark.parametrize("page", WITH_TERMINAL)
def test_the_copy_button_takes_the_commands_and_nothing_else(tab, page):
    tab.goto(f"/{page}.html")
    blocks = tab.locator(":is(.highlight-console, .highlight-ps1con):visible")
    assert blocks.count()
    for block in blocks.all():
        shown = block.locator("pre").evaluate("pre => pre.textContent")
        block.get_by_role("button", name="Copy").press("Enter")
        copied = tab.evaluate("navigator.clipboard.readText()")
        assert copied == commands_of(shown)


def test_every_block_of_code_has_a_copy_button(tab):
    for page in SOURCES:
        tab.goto(f"/{page}.html")
        blocks = tab.locator("main :not(.highlight-none) > .highlight > pre").count()
        assert tab.locator("pre + .copybtn").count() == blocks, page


def test_the_choice_of_a_tab_is_remembered(tab):
    first, second, *_ = WITH_TABS
    tab.goto(f"/{first}.html")
    tab.get_by_role("tab", name="Windows PowerShell").first.click()
    tab.reload()
    assert chosen_tabs(tab) == {"Windows PowerShell"}
    tab.goto(f"/{second}.html")
    assert chosen_tabs(tab) == {"Windows PowerShell"}


def test_arrow_keys_change_the_tab(tab):
    tab.goto(f"/{WITH_TABS[0]}.html")
    tab.get_by_role("tab", name="macOS and Linux").first.focus()
    tab.keyboard.press("ArrowRight")
    assert chosen_tabs(tab) == {"Windows PowerShell"}
    assert tab.locator(":focus").inner_text() == "Windows PowerShell"
    tab.keyboard.press("ArrowRight")
    assert chosen_tabs(tab) == {"macOS and Linux"}


def chosen_tabs(tab):
    """Return the titles of the selected tabs, whose panels must be the shown ones."""
    tabs = tab.get_by_role("tab", selected=True).all()
    for each in tabs:
        panel = tab.locator(f"#{each.get_attribute('aria-controls')}")
        assert panel.is_visible()
    assert tab.locator("[role=tabpanel]:visible").count() == len(tabs)
    return {each.inner_text() for each in tabs}


@pytest.mark.parametrize("word", ["DATABASE_URL", "collectstatic"])
def test_the_search_box_finds_a_word_and_quotes_its_page(tab, word):
    tab.set_viewport_size(DESKTOP)
    tab.goto("/index.html")
    tab.get_by_role("textbox", name="Search").fill(word)
    tab.keyboard.press("Enter")
    tab.locator("#search-results .context").first.wait_for()


def test_the_page_follows_the_colour_scheme(tab):
    tab.goto("/index.html")
    backgrounds = []
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        style = "getComputedStyle(document.body).backgroundColor"
        backgrounds.append(tab.evaluate(style))
    assert backgrounds[0] != backgrounds[1]
