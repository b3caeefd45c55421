"""How fast a latent plane answers the hand, measured in Chromium: redraws per second and round trips."""

import json
import math
import os
import shutil
import time
import urllib.request
from importlib.util import find_spec
from statistics import median, quantiles
from typing import Any

from genlab.bench.web import server
from genlab.config import VAEConfig

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip
BETWEEN_MOVES = 0.012
"""Seconds between two moves of the pointer: a mouse reports about so often."""
PATIENCE = 60_000
"""Milliseconds to wait for the page."""


def measure_hand(seconds: float) -> dict[str, Any]:
    """While the pointer circles over the latent plane of the VAE page, with training running and paused.

    A round trip lasts from the pointer's event to the drawn picture of its place, whatever waited in between.
    Without a browser to drive, ``{"skipped": why}``.
    """
    executable, why = chromium()
    if why:
        return {"skipped": why}
    from playwright.sync_api import sync_playwright

    with server() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        try:
            page = browser.new_page(viewport={"width": 1366, "height": 768})
            return _with_page(page, url, seconds)
        finally:
            browser.close()


def chromium() -> tuple[str | None, str]:
    """The browser's path, and why there is none to drive, or ""."""
    executable = os.environ.get("CHROMIUM") or next((path for path in map(shutil.which, BROWSERS) if path), None)
    if find_spec("playwright") is None:
        return None, "playwright is not installed"
    return executable, "" if executable else "no Chromium found: install it or set CHROMIUM to its path"


def _with_page(page, url: str, seconds: float) -> dict[str, Any]:
    request = urllib.request.Request(f"{url}/bench/start", VAEConfig().to_json().encode(), method="POST")
    with urllib.request.urlopen(request) as reply:
        run_id = json.load(reply)["run"]
    page.set_default_timeout(PATIENCE)
    page.goto(f"{url}/vae?run={run_id}")
    plane = "window.genlab?.panels.get('latent')"
    page.wait_for_function(f"() => {plane}?.hand.node.offsetWidth && window.genlab.header?.step > 50")
    running = _circle(page, seconds)
    page.get_by_role("button", name="Pause").click()
    page.wait_for_function("() => window.genlab.header.status === 'paused'")
    return {"training": running, "paused": _circle(page, seconds)}


def _circle(page, seconds: float) -> dict[str, float]:
    box = page.locator("[data-panel=latent] .hand").bounding_box()
    x, y, radius = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, 0.3 * box["height"]
    page.mouse.move(x, y)
    page.wait_for_timeout(1000)
    page.evaluate("() => { window.genlab.decoder.trips.length = 0; }")
    begin, moves = time.perf_counter(), 0
    while time.perf_counter() - begin < seconds:
        page.mouse.move(x + radius * math.cos(0.15 * moves), y + radius * math.sin(0.15 * moves))
        moves += 1
        time.sleep(BETWEEN_MOVES)
    trips = page.evaluate("() => window.genlab.decoder.trips")
    elapsed = time.perf_counter() - begin
    return {
        "redraws_per_second": round(len(trips) / elapsed, 1),
        "round_trip_ms_p50": round(median(trips), 1),
        "round_trip_ms_p95": round(quantiles(trips, n=20)[-1], 1),
    }
