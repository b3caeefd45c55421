"""Links that are handed on to others."""

import re
from types import SimpleNamespace

import pytest

from genlab.config import GANConfig
from genlab.ui import links

LINK = "http://localhost:8501/gan?objective=wgan&clip=0.1"


@pytest.fixture
def network(monkeypatch):
    """A machine that others reach under 192.0.2.7, with a server that listens to all."""
    options = {"server.address": None}
    monkeypatch.setattr(links.net_util, "get_internal_ip", lambda: "192.0.2.7")
    monkeypatch.setattr(links.st, "get_option", options.get)
    return options


@pytest.mark.parametrize("here", ["localhost:8501", "127.0.0.1:8501", "[::1]:8501"])
def test_a_link_of_this_machine_has_an_address_that_others_can_open(network, here):
    link = f"http://{here}/class/gan?objective=wgan&clip=0.1"
    assert links.network_link(link) == "http://192.0.2.7:8501/class/gan?objective=wgan&clip=0.1"


def test_a_link_that_others_can_open_already_is_the_only_one(network):
    assert links.network_link("https://lab.example.org/gan?clip=0.1") == ""
    assert links.network_link("http://192.0.2.9:8501/gan") == ""


def test_a_server_that_listens_to_this_machine_alone_has_no_other_address(network, monkeypatch):
    network["server.address"] = "127.0.0.1"
    assert links.network_link(LINK) == ""
    network["server.address"] = None
    monkeypatch.setattr(links.net_util, "get_internal_ip", lambda: "127.0.0.1")
    assert links.network_link(LINK) == ""


def test_the_picture_is_black_on_white(network):
    picture = links.qr_code(LINK)
    assert picture.startswith("<svg")
    assert re.search(r'fill="(white|#fff)"', picture) and re.search(r'stroke="(black|#000)"', picture)


def test_what_a_phone_could_not_read_is_no_picture():
    assert [links.qr_code("http://x/?" + "a" * length) for length in (1500, 5000)] == ["", ""]
    assert links.qr_code(f"{LINK}&{'x=1&' * 40}")


def test_a_link_holds_what_differs_from_the_defaults(monkeypatch):
    monkeypatch.setattr(links.st, "context", SimpleNamespace(url="http://lab.example.org/gan?run=abc"))
    assert links.set_up_link(GANConfig()) == "http://lab.example.org/gan"
    assert links.set_up_link(GANConfig(objective="wgan", seed=3)) == "http://lab.example.org/gan?objective=wgan&seed=3"
