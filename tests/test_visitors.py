"""The cookie that a browser is given with its first page, and who is here."""

import asyncio

import pytest

from genlab.live import visitors as middleware
from genlab.runtime.visitors import Seal, Visitors


class Lab:
    def __init__(self, home):
        self.visitors = Visitors(home, Seal(b"1" * 32))


@pytest.fixture
def lab(tmp_path, monkeypatch):
    found = Lab(tmp_path)
    monkeypatch.setattr(middleware, "get_lab", lambda: found)
    return found


def given(path="/", scheme="http", kind="text/html", **headers):
    """The cookie that comes with an answer of this kind, "" for none."""
    sent = []

    async def site(scope, receive, send):
        content = b"text/html; charset=utf-8" if scope["path"] == "/" else b"application/json"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", content)]})
        await send({"type": "http.response.body", "body": b"page"})

    async def send(message):
        sent.append(message)

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in {"accept": kind, **headers}.items()]
    scope = {"type": "http", "path": path, "scheme": scheme, "headers": raw}
    asyncio.run(middleware.Cookies(site)(scope, None, send))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    return dict(sent[0]["headers"]).get(b"set-cookie", b"").decode()


def value(cookie):
    return cookie.partition("=")[2].partition(";")[0]


def test_a_page_brings_a_cookie_and_nothing_else_does(lab):
    assert given(kind="*/*") == given("/data") == ""
    cookie = given()
    assert cookie.startswith(f"{lab.visitors.cookie}=") and lab.visitors.read_cookie(value(cookie))
    for part in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=34560000"):
        assert f"; {part}" in cookie
    assert "Secure" not in cookie


def test_behind_tls_the_cookie_travels_by_tls_alone(lab):
    assert "; Secure" in given(scheme="https")
    assert "; Secure" in given(x_forwarded_proto="https") and "; Secure" in given(x_forwarded_proto="https, http")


def test_a_known_browser_keeps_its_identity_and_a_forged_one_gets_a_new_one(lab):
    known = value(given())
    assert value(given(cookie=f"other=1; {lab.visitors.cookie}={known}")) == known
    visitor = lab.visitors.read_cookie(known)
    forged = value(given(cookie=f"{lab.visitors.cookie}={visitor}.{'0' * 64}"))
    assert lab.visitors.read_cookie(forged) not in (None, visitor)


def test_two_pages_of_one_browser_are_one_visitor_and_without_cookies_each_is_one(lab):
    async def open_pages(*cookies):
        """How many are here while these pages are open."""
        opened, end = [], asyncio.Event()

        async def stream(scope, receive, send):
            opened.append(scope)
            await end.wait()

        def page(cookie, path="/lab/_stcore/stream"):
            headers = [(b"cookie", f"{lab.visitors.cookie}={cookie}".encode())] if cookie else []
            return middleware.Cookies(stream)({"type": "websocket", "path": path, "headers": headers}, None, None)

        tasks = [asyncio.create_task(page(cookie)) for cookie in cookies]
        tasks.append(asyncio.create_task(page("", "/live/ws")))
        while len(opened) < len(tasks):
            await asyncio.sleep(0)
        here = len(lab.visitors.here()), lab.visitors.are_alone()
        end.set()
        await asyncio.gather(*tasks)
        return here

    one, other = value(given()), value(given())
    assert asyncio.run(open_pages(one, one)) == (1, True)
    assert asyncio.run(open_pages(one, one, other)) == (2, False)
    assert asyncio.run(open_pages("", "")) == (2, False)
    assert lab.visitors.here() == []


@pytest.mark.parametrize(
    ("typed", "called"),
    [
        ("<b>Bo</b>", "<b>Bo</b>"),
        ("x" * 500, "x" * 24),
        ("مرحبا\u202eevil", "مرحباevil"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_a_name_is_what_was_typed_without_what_turns_others_around_and_at_most_24_signs(lab, typed, called):
    lab.visitors.call("ada-ada-ada-000", typed)
    assert lab.visitors.name("ada-ada-ada-000") == called


def test_a_name_of_which_nothing_is_seen_is_none(lab):
    lab.visitors.call("ada-ada-ada-000", " \u200d\u200c \u202e")
    assert lab.visitors.chosen_name("ada-ada-ada-000") == ""
