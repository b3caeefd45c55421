"""How fast a latent plane answers the hand, measured in Chromium: what is drawn, how old it is, what is left out."""

import json
import os
import shutil
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
MOVES = 60
"""Moves of the pointer a second: what a screen shows of a mouse."""
PATIENCE = 60_000
"""Milliseconds to wait for the page."""


def measure_hand(seconds: float) -> dict[str, Any]:
    """While the pointer circles over the latent plane of the VAE page, with training running and paused.

    A round trip lasts from the pointer's event to the drawn picture of its place, whatever waited in between. A move is
    dropped when a newer one takes its place before it is asked. The age of what is drawn is looked at in every frame of
    the screen: how long ago the pointer was where the picture on show belongs.
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


CIRCLE = """async ({ seconds, rate }) => {
  const { decoder, panels } = window.genlab;
  const plane = panels.get("latent").hand.node;
  const box = plane.getBoundingClientRect();
  const [x, y, radius] = [box.x + box.width / 2, box.y + box.height / 2, 0.3 * box.height];
  const { ask } = decoder;
  const found = { moves: 0, asked: 0, trips: [], ages: [], seconds: 0 };
  let [moving, newest] = [false, null];
  decoder.ask = function (asker, z, use) {
    if (!moving) return ask.call(this, asker, z, use);
    const at = performance.now();
    found.asked += 1;
    return ask.call(this, asker, z, arrays => {
      use(arrays);
      found.trips.push(performance.now() - at);
      newest = at;
    });
  };
  const begin = performance.now();
  const timer = setInterval(() => {
    const turn = 0.15 * found.moves;
    found.moves += 1;
    const place = { clientX: x + radius * Math.cos(turn), clientY: y + radius * Math.sin(turn) };
    moving = true;
    plane.dispatchEvent(new PointerEvent("pointermove", { ...place, bubbles: true, pointerType: "mouse" }));
    moving = false;
  }, 1000 / rate);
  await new Promise(done => {
    const look = now => {
      if (newest !== null) found.ages.push(performance.now() - newest);
      if (now - begin < 1000 * seconds) requestAnimationFrame(look);
      else done();
    };
    requestAnimationFrame(look);
  });
  clearInterval(timer);
  delete decoder.ask;
  found.seconds = (performance.now() - begin) / 1000;
  return found;
}"""
"""Moves the pointer over the plane; every move is an event of its own, as often as the page has time for."""


def _circle(page, seconds: float) -> dict[str, float]:
    box = page.locator("[data-panel=latent] .hand").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_timeout(1000)
    return figures(page.evaluate(CIRCLE, {"seconds": seconds, "rate": MOVES}))


def figures(found: dict[str, Any]) -> dict[str, float]:
    """What the bench tells of one circling: times in ms, ``dropped`` as a share of the moves."""
    trips, ages = found["trips"], found["ages"]
    return {
        "moves_per_second": round(found["moves"] / found["seconds"], 1),
        "redraws_per_second": round(len(trips) / found["seconds"], 1),
        "dropped": round(1 - len(trips) / max(1, found["asked"]), 3),
        "round_trip_ms_p50": round(median(trips), 1),
        "round_trip_ms_p95": round(quantiles(trips, n=20)[-1], 1),
        "age_ms_p50": round(median(ages), 1),
        "age_ms_p95": round(quantiles(ages, n=20)[-1], 1),
    }
