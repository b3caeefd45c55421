"""Addresses that are handed on: as text and as a picture that a phone reads, and so that others can open them."""

from ipaddress import ip_address
from urllib.parse import urlencode, urlsplit, urlunsplit

import segno
import streamlit as st
from streamlit import net_util

from genlab.config import Config


def set_up_link(config: Config) -> str:
    """The address of this page with every setting that differs from its default, without the run."""
    page = (st.context.url or "").partition("?")[0]
    query = urlencode(config.to_query())
    return f"{page}?{query}" if query else page


def network_link(link: str) -> str:
    """The same address as other machines of the network reach it, for one of this machine alone; "" where none does."""
    parts = urlsplit(link)
    if not is_loopback(parts.hostname or "") or _only_here():
        return ""
    host = net_util.get_internal_ip() or ""
    port = f":{parts.port}" if parts.port else ""
    return "" if not host or is_loopback(host) else urlunsplit(parts._replace(netloc=f"{host}{port}"))


def is_loopback(host: str) -> bool:
    """Whether a host name means the machine itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _only_here() -> bool:
    """Whether the server listens to this machine alone."""
    return is_loopback(str(st.get_option("server.address") or ""))


def show_link(link: str) -> None:
    """An address to copy and to photograph; the one that others can open where that is another one."""
    shared = network_link(link)
    st.code(link, language=None, wrap_lines=True)
    if shared:
        st.markdown("For **others on this network**:")
        st.code(shared, language=None, wrap_lines=True)
    elif is_loopback(urlsplit(link).hostname or ""):
        st.caption("Only this machine can open it: the server listens to no other.")
    picture = qr_code(shared or link)
    if picture:
        st.image(picture, caption="The same address for a phone", width=PICTURE_WIDTH)


PICTURE_WIDTH = 200
LARGEST_VERSION = 20
"""Beyond, a code has so many squares that a phone does not read it from a few steps away."""


def qr_code(text: str) -> str:
    """The text as a QR code (SVG, black on white in both themes); "" for one that is too long to be photographed."""
    try:
        code = segno.make(text, error="m", micro=False)
    except segno.DataOverflowError:
        return ""
    if int(code.version) > LARGEST_VERSION:
        return ""
    return code.svg_inline(scale=4, dark="black", light="white", border=3, omitsize=True)
