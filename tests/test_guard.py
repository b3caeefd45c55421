"""By which names the lab may be asked for: those of this machine, and those that its settings name."""

import socket

import pytest

from genlab.live.guard import is_ours, name_of
from genlab.runtime.settings import ServerSettings

NAMED = ServerSettings(hosts=("lab.example.org",), origins=("https://class.example.org:8443",))


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "localhost:8501", "127.0.0.1:8501", "[::1]:8501", "192.168.1.20:8501", "", socket.gethostname(),
        f"{socket.gethostname().upper()}:8501",
    ],
)  # fmt: skip
def test_every_machine_goes_by_its_addresses_and_its_own_name(host):
    assert is_ours(host, ServerSettings())


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8501",
        "localhost.evil.example",
        "127.0.0.1.evil.example:8501",
        "a@localhost",
        "[::",
    ],
)
def test_a_name_that_somebody_else_gave_this_machine_is_not_its_own(host):
    assert not is_ours(host, ServerSettings()) and not is_ours(host, NAMED)
    assert is_ours(host, ServerSettings(hosts=("*",)))


@pytest.mark.parametrize(
    "host", ["lab.example.org", "LAB.example.org:443", "lab.example.org.", "class.example.org:8443"]
)
def test_what_the_settings_name_is(host):
    assert is_ours(host, NAMED) and not is_ours(host, ServerSettings())


def test_a_port_is_no_part_of_a_name():
    assert name_of("[2001:db8::1]:8501") == "2001:db8::1" and name_of("lab:1") == "lab"
