"""How soon a model obeys a slider that is still moving, measured in Chromium: alone, and in a crowded lab."""

import asyncio
import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median, quantiles
from typing import Any

from genlab.bench.hand import ARGUMENTS, PATIENCE, chromium
from genlab.bench.speed import wait_until
from genlab.bench.web import read, server
from genlab.config import Config, GANConfig, VAEConfig

RUNS, WATCHERS, HZ = 30, 100, 4.0
"""Of the crowded lab: runs that train beside the one with the hand on it, watchers, frames per second of each."""
MOVES = 20
"""Values of the drag in a second."""
CLICKS = 12


def measure_slider(seconds: float) -> dict[str, Any]:
    """From an input event on the slider of β to the first frame that carries the command's number and a step since.

    Every event is counted whose value was sent; of those that came while one was under way the newest is. ``moves`` are
    the events, ``sent`` the values that went to the run, ``drags`` those that were seen to act. Also from a click on
    *Pause* or *Play* to the frame that shows it. Without a browser to drive, ``{"skipped": why}``.
    """
    executable, why = chromium()
    if why:
        return {"skipped": why}
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        try:
            return {
                "one_run": _measure(browser, seconds, crowded=False),
                f"{RUNS}_runs_and_{WATCHERS}_watchers": _measure(browser, seconds, crowded=True),
            }
        finally:
            browser.close()


def _measure(browser: Any, seconds: float, crowded: bool) -> dict[str, float]:
    with server(workers="auto") as url:
        run = _start(url, VAEConfig())
        with _crowd(url, run) if crowded else _nobody():
            page = browser.new_page(viewport={"width": 1366, "height": 768})
            page.set_default_timeout(PATIENCE)
            page.goto(f"{url}/vae?run={run['run']}")
            page.wait_for_function("() => window.genlab?.header?.step > 50")
            page.wait_for_timeout(2000)
            values = to_and_fro(**page.evaluate(BOUNDS))
            drag = page.evaluate(DRAG, {"seconds": seconds, "every": 1000 / MOVES, "values": values})
            clicks = page.evaluate(CLICK, {"count": CLICKS, "patience": PATIENCE})
            page.close()
    told = {"moves": drag["moves"], "sent": drag["sent"]}
    return told | _figures("drag", drag["trips"]) | _figures("click", clicks)


def to_and_fro(least: float, most: float, step: float) -> list[float]:
    """Positions of a slider over and over, each beside the one before: through the middle half of it and back.

    A value that the run has already changes nothing, so at an end of the slider there would be nothing to measure.
    """
    half = int((most - least) / step) // 2
    way = [least + step * (half - half // 2 + place) for place in range(half + 1)]
    return way[:-1] + way[:0:-1]


def _figures(name: str, milliseconds: list[float]) -> dict[str, float]:
    return {
        f"{name}s": len(milliseconds),
        f"{name}_ms_p50": round(median(milliseconds), 1),
        f"{name}_ms_p95": round(quantiles(milliseconds, n=20)[-1], 1),
    }


def _start(url: str, config: Config) -> dict[str, str]:
    request = urllib.request.Request(f"{url}/bench/start", config.to_json().encode(), method="POST")
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)


@contextmanager
def _nobody() -> Iterator[None]:
    yield


@contextmanager
def _crowd(url: str, shown: dict[str, str]) -> Iterator[None]:
    """Runs that train, and watchers of all of them, until the end of the block."""
    config = GANConfig()
    addresses = [(shown, VAEConfig()), *((_start(url, config), config) for _ in range(RUNS))]
    sizes: list[int] = []
    loop = asyncio.new_event_loop()

    async def watch() -> None:
        await asyncio.gather(
            *(read(url, *addresses[i % len(addresses)], HZ, sizes) for i in range(WATCHERS)),
            return_exceptions=True,
        )

    watching = loop.create_task(watch())
    thread = threading.Thread(target=lambda: loop.run_until_complete(_ended(watching)))
    thread.start()
    try:
        wait_until(lambda: len(sizes) > 2 * WATCHERS, "the crowd sees no frames")
        yield
    finally:
        loop.call_soon_threadsafe(watching.cancel)
        thread.join()
        loop.close()


async def _ended(task: asyncio.Task[None]) -> None:
    try:
        await task
    except asyncio.CancelledError:
        pass


BOUNDS = """() => {
  const { min, max, step } = window.genlab.hand.controls.controls.get("beta").range;
  return { least: Number(min), most: Number(max), step: Number(step) };
}"""
"""Where the slider of β ends, and how far its positions are apart."""

DRAG = """async ({ seconds, every, values }) => {
  const lab = window.genlab;
  const { commands, controls } = lab.hand;
  const range = controls.controls.get("beta").range;
  const [order, receive] = [commands.order.bind(commands), lab.receive.bind(lab)];
  const [waiting, trips] = [[], []];
  let [moved, moves, sent] = [0, 0, 0];
  commands.order = async asked => {
    const at = moved;
    if (asked.do === "apply") sent++;
    const answer = await order(asked);
    if (answer.command && answer.step !== null && asked.do === "apply") waiting.push({ at, ...answer });
    return answer;
  };
  lab.receive = packet => {
    const { kind, command, step } = packet.header;
    // An answer may come after the frame that shows what it did: the next one then counts.
    if (kind === "frame") {
      for (const one of waiting.splice(0)) {
        if (command >= one.command && step > one.step) trips.push(performance.now() - one.at);
        else waiting.push(one);
      }
    }
    return receive(packet);
  };
  range.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
  const begin = performance.now();
  for (; performance.now() - begin < 1000 * seconds; moves++) {
    range.value = String(values[moves % values.length]);
    moved = performance.now();
    range.dispatchEvent(new InputEvent("input", { bubbles: true }));
    await new Promise(done => setTimeout(done, every));
  }
  range.dispatchEvent(new PointerEvent("pointerup", { bubbles: true }));
  await new Promise(done => setTimeout(done, 1500));
  [commands.order, lab.receive] = [order, receive];
  return { trips, moves, sent };
}"""
"""Drags the slider over these positions, again and again; each value that is sent is a trip."""

CLICK = """async ({ count, patience }) => {
  const lab = window.genlab;
  const { play } = lab.hand.bar.buttons;
  const trips = [];
  const until = (true_, at) => new Promise((done, failed) => {
    const look = () => {
      if (true_()) done();
      else if (performance.now() - at > patience) failed(new Error(`a click did nothing in ${patience} ms`));
      else setTimeout(look, 2);
    };
    look();
  });
  for (let i = 0; i < count; i++) {
    // A click does what the button says, which may be older than the newest frame.
    const says = () => (play.innerText.startsWith("Pause") ? "running" : "paused");
    await until(() => says() === lab.header.status, performance.now());
    const becomes = says() === "running" ? "paused" : "running";
    const at = performance.now();
    play.click();
    await until(() => lab.header.status === becomes, at);
    trips.push(performance.now() - at);
    await new Promise(done => setTimeout(done, 400));
  }
  return trips;
}"""
"""Clicks *Pause* and *Play* in turns."""
