"""The web process's share of a processor while watchers are connected to a real server."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect

from genlab.bench.speed import HZ, page_streams, wait_until
from genlab.config import Config, GANConfig
from genlab.runtime.messages import decode

ROOT = Path(__file__).parents[2]
WATCHERS = {"0_watchers": (0, HZ), "1_watcher": (1, HZ), "20_watchers": (20, HZ), "100_watchers_4_hz": (100, 4.0)}
"""How many watch, and how often each of them gets a frame."""


def measure_web(seconds: float) -> dict[str, Any]:
    """CPU share, frames per second of a watcher and bytes per frame by number of watchers, for ``seconds`` each."""
    config = GANConfig()
    with server() as url:
        request = urllib.request.Request(f"{url}/bench/start", config.to_json().encode(), method="POST")
        with urllib.request.urlopen(request) as reply:
            address = json.load(reply)
        return {
            name: asyncio.run(watch(url, address, config, watchers, hz, seconds))
            for name, (watchers, hz) in WATCHERS.items()
        }


@contextmanager
def server(workers: str = "1") -> Iterator[str]:
    """A server of its own on a free port of this machine, with a temporary store; gone at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {"headless": "true", "port": str(port), "address": "127.0.0.1", "fileWatcherType": "none"}
    command = [sys.executable, "-m", "streamlit", "run", str(Path(__file__).with_name("server.py"))]
    command += [text for name, value in options.items() for text in (f"--server.{name}", value)]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        environment = {**os.environ, "GENLAB_HOME": home, "GENLAB_WORKERS": workers, "PYTHONPATH": paths}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, **quiet)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until(lambda: process.poll() is not None or answers(url), "the server does not answer")
            if process.poll() is not None:
                raise OSError(f"the server ended with status {process.returncode}")
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def answers(url: str) -> bool:
    """Whether the server is healthy."""
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


async def watch(
    url: str, address: dict[str, str], config: Config, watchers: int, hz: float, seconds: float
) -> dict[str, float]:
    """Connect so many watchers and read for a while."""
    sizes: list[int] = []
    tasks = [asyncio.create_task(read(url, address, config, hz, sizes)) for _ in range(watchers)]
    # Until the worker has warmed up and everyone is served.
    deadline = time.monotonic() + 60
    while watchers and len(sizes) < 2 * watchers:
        for task in tasks:
            if task.done():
                task.result()
        if time.monotonic() > deadline:
            raise TimeoutError("the server sends no frames")
        await asyncio.sleep(0.05)
    await asyncio.sleep(1)
    sizes.clear()
    (cpu, wall) = await asyncio.to_thread(used, url), time.perf_counter()
    await asyncio.sleep(seconds)
    frames = list(sizes)
    cpu, wall = await asyncio.to_thread(used, url) - cpu, time.perf_counter() - wall
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    if not watchers:
        return {"cpu_share": round(cpu / wall, 4)}
    return {
        "cpu_share": round(cpu / wall, 4),
        "frames_per_second": round(len(frames) / wall / watchers, 2),
        "bytes_per_frame": round(sum(frames) / max(1, len(frames))),
    }


def used(url: str) -> float:
    """Seconds of processor time that the web process has used so far."""
    with urllib.request.urlopen(f"{url}/bench/cpu") as reply:
        return json.load(reply)["seconds"]


async def read(url: str, address: dict[str, str], config: Config, hz: float, sizes: list[int]) -> None:
    """One watcher: subscribe to what the page shows, then note the size of every frame."""
    socket_url = f"ws{url.removeprefix('http')}/live/ws?run={address['run']}&token={address['token']}&hz={hz:g}"
    async with connect(socket_url, origin=url, max_size=None) as connection:
        await connection.send(json.dumps({"type": "streams", "streams": page_streams(config)}))
        async for packet in connection:
            if isinstance(packet, bytes) and decode(packet)[0]["kind"] == "frame":
                sizes.append(len(packet))
