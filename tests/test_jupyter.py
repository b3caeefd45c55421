"""The lab beside a real notebook server, at the path that jupyter-server-proxy gives it."""

import importlib.util
import os
import subprocess
import sys

import pytest
from conftest import free_port
from test_proxies import CONNECTED, PAGE, wait_for

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("jupyter_server_proxy") is None, reason="needs jupyter-server-proxy"
)


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory):
    """The address of a notebook server that lets everybody in."""
    folder, port = tmp_path_factory.mktemp("notebooks"), free_port()
    options = {
        "ServerApp.ip": "127.0.0.1", "ServerApp.port": port, "ServerApp.base_url": "/user/ada",
        "ServerApp.root_dir": folder, "ServerApp.open_browser": False, "ServerApp.allow_root": True,
        "IdentityProvider.token": "",
    }  # fmt: skip
    homes = {f"JUPYTER_{kind}_DIR": str(folder / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_server", *(f"--{name}={value}" for name, value in options.items())],
        env={**os.environ, **homes}, cwd=folder, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}/user/ada"
    wait_for(f"{address}/api/status")
    yield address
    process.terminate()
    process.wait(20)


def test_the_lab_lives_at_the_path_of_a_notebook_servers_proxy(notebooks, server, page):
    port = server.url.rpartition(":")[2]
    page.goto(f"{notebooks}/proxy/{port}/{PAGE}")
    page.wait_for_function(CONNECTED)
    page.get_by_role("button", name="One step").first.click()
    page.wait_for_function("() => window.genlab.header.step === 1")
    page.get_by_role("link", name="VAE").first.click()
    page.wait_for_function("() => window.genlab?.header?.model === 'vae'")
    assert page.url.startswith(f"{notebooks}/proxy/{port}/vae")
