"""A photograph of the lab at work: a server, a browser, a run."""

import io
from pathlib import Path

from PIL import Image

from genlab.bench.hand import ARGUMENTS, PATIENCE, chromium
from genlab.bench.web import server
from genlab.scenarios import SCENARIOS

LAB = Path(__file__).resolve().parents[2] / "docs" / "lab.png"
SHOWN = "gan_ring"
SIZE = {"width": 1366, "height": 768}
COLOURS = 128
"""Enough for the page's few, and a third of the bytes."""


def photograph(path: Path) -> str:
    """Write the page of a demonstration at the step where its claim is judged; why not, or "" when it is done."""
    executable, why = chromium()
    if why:
        return why
    from playwright.sync_api import sync_playwright

    with server() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        try:
            page = browser.new_page(viewport=SIZE, color_scheme="light")
            page.set_default_timeout(PATIENCE)
            scenario = SCENARIOS[SHOWN]
            page.goto(url)
            page.locator(f".st-key-start-{SHOWN} button").click()
            page.wait_for_function(f"() => window.genlab?.header?.step >= {scenario.steps}")
            # What moves comes to rest, notes and the marks of the page's own rerun go; nothing is under the pointer.
            page.mouse.move(0, 0)
            page.wait_for_timeout(3000)
            page.wait_for_function("() => ![...document.querySelectorAll('.notes > *')].some(note => note.offsetWidth)")
            taken = page.screenshot()
        finally:
            browser.close()
    path.parent.mkdir(exist_ok=True)
    Image.open(io.BytesIO(taken)).convert("RGB").quantize(COLOURS).save(path, optimize=True)
    return ""
