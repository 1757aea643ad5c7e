"""The built guide in a real browser: look, keyboard, copy button, tabs, weight."""

import functools
import gzip
import http.server
import threading
from urllib.parse import urlencode

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from docs._extensions.failures import CODES
from tests.support.pages import FAILURES, FOLDER, SOURCES, STEPS, TABS, field, met
from tools.browser import PATIENCE, running

PAGES = [*SOURCES, "genindex", "search", "404"]
WITH_TERMINAL = [page for page in SOURCES if "\n   $ " in SOURCES[page]]
WITH_TABS = [
    page
    for page in SOURCES
    if all(f"   .. rubric:: {title}\n" in SOURCES[page] for title in TABS)
]

# What the highlighter makes of a terminal.
TERMINAL = ":is(.highlight-console, .highlight-ps1con)"

PHONE = {"width": 375, "height": 812}
DESKTOP = {"width": 1280, "height": 800}
VIEWS = [
    (scheme, viewport) for scheme in ("light", "dark") for viewport in (PHONE, DESKTOP)
]

# The budgets of a first visit; gzip stands for what a server would compress to.
# A picture of the app weighs more than a page, so pictures have their own.
MOST_REQUESTS = 10
MOST_BYTES = 25_000
MOST_PICTURE_BYTES = 30_000


# What is in a line of a log where a page has three dots.
LEFT_OUT = " 2026-11-25T08:15:30.123456+00:00 0f2c7b5e "


# The texts of a page's own part that a reader does not see, whatever hides them: a
# style, a box of no size, a place outside the page. A closed tab is closed on purpose,
# and an open one has its title on the button; a link to a heading shows itself to the
# pointer, and a drawing's title to none.
UNSEEN = """() => {
  const NOT_READ =
    "[role=tabpanel][hidden], [role=tabpanel] > .rubric, .headerlink, svg, noscript, " +
    "details:not([open]) > :not(summary)";
  const unseen = [];
  const main = document.querySelector("main");
  const texts = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (texts.nextNode()) {
    const text = texts.currentNode;
    const parent = text.parentElement;
    if (!text.data.trim() || parent.closest(NOT_READ)) {
      continue;
    }
    range.selectNodeContents(text);
    const box = range.getBoundingClientRect();
    const visible = parent.checkVisibility({
      checkOpacity: true, checkVisibilityCSS: true
    });
    let clipped = false;
    for (let outer = parent; outer !== main; outer = outer.parentElement) {
      const style = getComputedStyle(outer);
      clipped ||= style.overflow !== "visible" &&
        style.display !== "inline" &&
        (outer.clientHeight === 0 || outer.clientWidth === 0);
    }
    const outside = box.right + scrollX <= 0 || box.bottom + scrollY <= 0;
    if (!visible || clipped || outside || !box.width || !box.height) {
      unseen.push(text.data.trim());
    }
  }
  return unseen;
}"""

# The focusable elements that look the same with the focus as without it.
UNMARKED = """() => {
  const look = (element) => {
    const style = getComputedStyle(element);
    const outline = style.outlineStyle === "none" ? "" : style.outlineWidth;
    return outline + style.boxShadow;
  };
  const all = [...document.querySelectorAll("a[href], button, input, [tabindex]")];
  const reachable = all.filter((e) => e.checkVisibility() && e.tabIndex >= 0);
  return reachable.filter((element) => {
    document.activeElement.blur();
    const before = look(element);
    element.focus({ focusVisible: true });
    return element === document.activeElement && look(element) === before;
  }).map((element) => element.outerHTML.slice(0, 80));
}"""

# What the page does when it is resized is done by then.
NEXT_FRAME = "new Promise(done => requestAnimationFrame(() => setTimeout(done)))"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serve files without a line on standard error for each."""

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def address(site):
    """Yield the address of the built guide, served on loopback."""
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
    """Yield a browser that has never been to the guide, at a phone's width."""
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
    """Return an empty tab of that browser."""
    return context.new_page()


@pytest.fixture(scope="module")
def reading(browser, address):
    """Yield a tab for what changes nothing in the browser."""
    context = browser.new_context(base_url=address)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def reading_without_scripts(browser, address):
    """Yield the same in a browser that runs no scripts."""
    context = browser.new_context(base_url=address, java_script_enabled=False)
    yield context.new_page()
    context.close()


# For the module, so that all tests of a page follow each other and open it once.
@pytest.fixture(scope="module", params=PAGES)
def opened(request, reading):
    """Each page of the guide, opened."""
    reading.goto(f"/{request.param}.html")
    return reading


@pytest.fixture(scope="module", params=PAGES)
def opened_without_scripts(request, reading_without_scripts):
    """Each page of the guide, opened where no script runs."""
    reading_without_scripts.goto(f"/{request.param}.html")
    return reading_without_scripts


def views(tab):
    """Show the tab's page in each scheme and width; yield a name for each view."""
    for scheme, viewport in VIEWS:
        tab.emulate_media(color_scheme=scheme)
        tab.set_viewport_size(viewport)
        yield f"{scheme}, {viewport['width']} px"


def test_a_page_is_accessible_in_both_colour_schemes_and_widths(opened):
    opened.evaluate(AXE_SCRIPT)
    run = f"{NEXT_FRAME}.then(() => axe.run()).then(r => r.violations)"
    # Two of the four views of each page, by the length of its address, as each takes
    # a second: every part of the guide is looked at in every view.
    turn = len(opened.url) % 2
    faults = [
        f"{view}: {fault['id']} at {node['target']}"
        for number, view in enumerate(views(opened))
        if number in ((0, 3), (1, 2))[turn]
        for fault in opened.evaluate(run)
        for node in fault["nodes"]
    ]
    assert not faults, "\n".join(faults)


def test_a_page_does_not_scroll_sideways(opened):
    too_wide = []
    for width in (320, PHONE["width"], 768, DESKTOP["width"]):
        opened.set_viewport_size(PHONE | {"width": width})
        if opened.evaluate("document.documentElement.scrollWidth > innerWidth"):
            too_wide.append(width)
    assert not too_wide


def test_no_text_is_lost(opened):
    lost = [
        f"{view}: {text}" for view in views(opened) for text in opened.evaluate(UNSEEN)
    ]
    assert not lost, "\n".join(lost)


def test_no_text_is_lost_without_javascript(opened_without_scripts):
    tab = opened_without_scripts
    lost = [f"{view}: {text}" for view in views(tab) for text in tab.evaluate(UNSEEN)]
    assert not lost, "\n".join(lost)


def test_what_has_the_focus_is_marked(opened):
    unmarked = [
        f"{view}: {element}"
        for view in views(opened)
        for element in opened.evaluate(UNMARKED)
    ]
    assert not unmarked, "\n".join(unmarked)


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
    assert tab.locator("head script:not([defer])").count() == 0
    weights = {r.url: len(gzip.compress(r.body())) for r in responses}
    pictures = sum(weights.pop(url) for url in list(weights) if "/_images/" in url)
    assert pictures <= MOST_PICTURE_BYTES
    if page in STEPS:
        assert sum(weights.values()) <= MOST_BYTES, weights


def test_the_menu_of_a_phone_opens_without_javascript(browser, address):
    context = browser.new_context(
        base_url=address, viewport=PHONE, java_script_enabled=False
    )
    tab = context.new_page()
    tab.goto("/index.html")
    tab.get_by_role("button", name="Menu").click()
    opened = tab.get_by_role("link", name="Get the app").first.is_visible()
    context.close()
    assert opened


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
    blocks = tab.locator(f"{TERMINAL}:visible")
    assert blocks.count()
    for block in blocks.all():
        shown = block.locator("pre").evaluate("pre => pre.textContent")
        block.get_by_role("button", name="Copy").press("Enter")
        copied = tab.evaluate("navigator.clipboard.readText()")
        assert copied == commands_of(shown)


def test_the_copy_button_takes_what_a_diff_adds(tab):
    tab.goto("/prepare/settings.html")
    diff = tab.locator(".highlight-diff")
    diff.get_by_role("button", name="Copy").press("Enter")
    copied = tab.evaluate("navigator.clipboard.readText()")
    assert copied == "    'mysite.middleware.request_id',"


@pytest.mark.parametrize("page", WITH_TERMINAL)
def test_a_terminal_tells_prompt_and_output_from_what_is_typed(tab, page):
    tab.goto(f"/{page}.html")
    for text in tab.locator("main pre").all_text_contents():
        if text.startswith(("$ ", "PS> ")):
            assert text in tab.locator(TERMINAL).locator("pre").all_text_contents()
    for block in tab.locator(TERMINAL).locator("pre").all():
        shown, typed = block.evaluate(
            """pre => {
              const typed = pre.cloneNode(true);
              typed.querySelectorAll(".gp, .go, .gt").forEach(mark => mark.remove());
              return [pre.textContent, typed.textContent];
            }"""
        )
        assert typed.split() == commands_of(shown).split()


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


@pytest.mark.parametrize(
    "text, page",
    [
        ("DisallowedHost", "prepare/hosts"),
        ("custom domain", "prepare/hosts"),
        ("Procfile", "prepare/procfile"),
        ("ERR_TOO_MANY_REDIRECTS", "prepare/procfile"),
        ("fcntl", "prepare/procfile"),
        ("uvicorn", "prepare/procfile"),
        ("ModuleNotFoundError", "prepare/procfile"),
        ("relation does not exist", "prepare/database"),
        ("collectstatic", "prepare/static-files"),
        ("static files not loading", "prepare/static-files"),
        ("media upload", "prepare/static-files"),
        ("InvalidStorageError", "prepare/static-files"),
        (
            "Multiple Python package manager files",
            "troubleshooting/several-package-files",
        ),
        ("runtime.txt", "prepare/python-version"),
        ("Windows", "prepare/your-machine"),
        ("PowerShell", "prepare/your-machine"),
        ("WSL", "prepare/your-machine"),
        ("IP address mismatch", "troubleshooting/not-rehearsed"),
        ("Couldn't find that app", "troubleshooting/app-not-found"),
        ("Existing 'venv/' directory found", "deploy/git"),
        ("Please tell me who you are", "deploy/git"),
        (
            "'heroku' does not appear to be a git repository",
            "troubleshooting/no-remote",
        ),
        ("remote: ! Push rejected, failed to compile Python app.", "deploy/push"),
        ("delete app", "deploy/take-down"),
        ("hobby-dev", "reference/changes-since-2021"),
        ("dyno", "reference/glossary"),
    ],
)
def test_the_search_finds_first_the_page_that_answers(tab, text, page):
    assert found_first(tab, text) == page


def found_first(tab, text):
    """Return the page that the search puts first."""
    tab.goto(f"/search.html?{urlencode({'q': text})}")
    first = tab.locator("#search-results li a").first
    return first.get_attribute("href").partition("#")[0].removesuffix(".html")


@pytest.mark.parametrize("name", FAILURES)
def test_the_search_finds_a_failure_by_its_error_text(tab, name):
    assert found_first(tab, field(name, "shows")) == name


@pytest.mark.parametrize("name", FAILURES)
def test_the_search_finds_a_failure_by_the_whole_line_as_it_is_pasted(tab, name):
    assert found_first(tab, pasted(name)) == name


def pasted(name):
    """Return the line of the page's output that has its error text.

    What the page leaves out of it is there: times and ids, which no page has.
    """
    shows = field(name, "shows")
    lines = [line for each in met(name) for line in each.output.splitlines()]
    parts = next(line for line in lines if shows in line).split(shows, 1)
    return shows.join(part.replace("...", LEFT_OUT) for part in parts)


@pytest.mark.parametrize("code", CODES)
def test_the_search_finds_a_code_s_own_page_or_the_one_for_the_rest(tab, code):
    own = [name for name in FAILURES if code in field(name, "shows")]
    assert found_first(tab, code) == (own or [f"{FOLDER}not-rehearsed"])[0]


def test_the_page_follows_the_colour_scheme(tab):
    tab.goto("/index.html")
    backgrounds = []
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        style = "getComputedStyle(document.body).backgroundColor"
        backgrounds.append(tab.evaluate(style))
    assert backgrounds[0] != backgrounds[1]
