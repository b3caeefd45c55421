"""The lab behind a real nginx: a path that is kept or stripped, a host that is rewritten, a frame on another page."""

import os
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from conftest import free_port, start_server, stop_server

PAGE = "gan?generator_width=8&critic_width=8"
CONNECTED = "() => window.genlab?.root.dataset.connected === 'true' && window.genlab.header?.step === 0"

NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
    proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
    server {{
        listen 127.0.0.1:{kept};
        location /lab/ {{
            proxy_pass {below}/;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
        }}
    }}
    server {{
        listen 127.0.0.1:{stripped};
        location /class/genlab/ {{
            proxy_pass {plain}/;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
        }}
    }}
    server {{
        listen 127.0.0.1:{rewritten};
        location / {{
            proxy_pass {named};
            proxy_set_header Host genlab.internal;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
        }}
    }}
    server {{
        listen 127.0.0.1:{silent};
        location / {{
            proxy_pass {named};
            proxy_set_header Host genlab.internal;
            proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
        }}
    }}
}}
"""


@pytest.fixture(scope="module")
def site():
    """A page of another site that shows the lab in a frame."""
    shown = {}

    class Site(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f'<iframe src="{shown["address"]}" width="1300" height="700"></iframe>'.encode())

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Thread(target=server.serve_forever, daemon=True).start()
    # Another host name makes it another site for the browser.
    yield f"http://localhost:{server.server_port}", shown
    server.shutdown()


@pytest.fixture(scope="module")
def named(site, tmp_path_factory):
    """A lab that goes by another name too, and that the other site may show in a frame."""
    home = tmp_path_factory.mktemp("named")
    running = start_server(home, GENLAB_HOSTS="genlab.internal", GENLAB_FRAMES=site[0])
    yield running
    stop_server(running)


@pytest.fixture(scope="module")
def addresses(server, named, tmp_path_factory):
    """Where the lab's pages begin, by what stands before it."""
    if shutil.which("nginx") is None:
        line = "no nginx found: these tests need one"
        pytest.fail(line) if os.environ.get("GENLAB_REQUIRE_BROWSER") == "1" else pytest.skip(line)
    folder, below = tmp_path_factory.mktemp("nginx"), start_server(tmp_path_factory.mktemp("below"), base="lab")
    ports = {name: free_port() for name in ("kept", "stripped", "rewritten", "silent")}
    (folder / "nginx.conf").write_text(
        NGINX.format(folder=folder, plain=server.url, named=named.url, below=below.url, **ports)
    )
    nginx = subprocess.Popen(
        ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "e.log")]
    )
    paths = {"kept": "/lab", "stripped": "/class/genlab", "rewritten": "", "silent": ""}
    found = {name: f"http://127.0.0.1:{port}{paths[name]}" for name, port in ports.items()}
    wait_for(f"{found['rewritten']}/_stcore/health")
    yield found
    nginx.terminate()
    nginx.wait(20)
    stop_server(below)


def wait_for(url):
    for _ in range(100):
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"nothing answers at {url}")


@pytest.mark.parametrize("proxy", ["kept", "stripped", "rewritten"])
def test_live_pictures_come_through_the_proxy(addresses, page, proxy):
    failures = []
    page.on("requestfailed", lambda request: failures.append(request.url))
    page.goto(f"{addresses[proxy]}/{PAGE}")
    page.wait_for_function(CONNECTED)
    page.wait_for_selector(".genlab-live .js-plotly-plot .main-svg")
    page.get_by_role("button", name="One step").first.click()
    page.wait_for_function("() => window.genlab.header.step === 1")
    assert not [url for url in failures if "/live/" in url]


def test_a_link_between_pages_stays_below_the_path(addresses, page):
    page.goto(f"{addresses['stripped']}/{PAGE}")
    page.wait_for_function(CONNECTED)
    page.get_by_role("link", name="VAE").first.click()
    page.wait_for_function("() => window.genlab?.header?.model === 'vae'")
    assert page.url.startswith(f"{addresses['stripped']}/vae")


def test_a_host_that_nobody_names_is_refused_and_the_page_says_why(addresses, page):
    page.goto(f"{addresses['silent']}/{PAGE}")
    line = page.locator(".genlab-live").get_by_text("origin: allowed is this server's own pages")
    line.first.wait_for()


def open_frame(page, site, server):
    origin, shown = site
    shown["address"] = f"{server.url}/{PAGE}&embed=true"
    page.goto(f"{origin}/")
    return page.frames[1]


def test_the_lab_lives_in_a_frame_on_another_site_that_its_settings_name(site, named, page):
    frame = open_frame(page, site, named)
    frame.wait_for_function(CONNECTED)
    words = frame.locator("body").inner_text()
    assert not re.search(r"\bembed\b", words) and "no such setting" not in words
    # A browser sends no cookie there: the tab owns what it started.
    frame.get_by_role("button", name="One step").first.click()
    frame.wait_for_function("() => window.genlab.header.step === 1")


def test_no_other_site_shows_the_lab_in_a_frame(site, server, page):
    refused = []
    page.on("console", lambda message: refused.append(message.text))
    frame = open_frame(page, site, server)
    page.wait_for_timeout(500)
    assert any("frame-ancestors" in text for text in refused) and "genlab" not in frame.content()


def test_a_name_that_is_not_the_labs_is_refused_in_one_line(server):
    request = urllib.request.Request(f"{server.url}/", headers={"Host": "evil.example:8501"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 421
    assert refused.value.read().decode() == (
        "host = evil.example: the lab does not go by this name; GENLAB_HOSTS = evil.example lets it"
    )


def test_a_page_says_to_browsers_what_it_may_do(server):
    request = urllib.request.Request(f"{server.url}/gan", headers={"Accept": "text/html"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "frame-ancestors 'self'" in policy and "object-src 'none'" in policy and "https:" not in policy
