"""The client: what is the centre's answer, what is not, and how it is broken off."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
import trustme

from commandcenter.domain.errors import Refused
from commandcenter.protocol import admission
from commandcenter.protocol.messages import (
    CONTENT_TYPE,
    VERSION_HEADER,
    FeedPage,
    Refusal,
    encoder,
    feed_page,
)
from commandcenter.sync.client import Centre, NoAnswer, TooLarge
from tests.sync.stranger import OURS, Asked, Reply, stranger

PAGE = encoder.encode(FeedPage(epoch=7, head=3, now=1, to=3))


def ask(reply: Reply) -> FeedPage:
    """One request that is answered so."""
    with stranger(lambda asked: reply) as server:
        centre = Centre(server.url, "t" * 43)
        try:
            return centre.get("/v1/feed", feed_page, epoch=7, n=3)
        finally:
            centre.close()


def test_the_centres_answer_is_taken() -> None:
    assert ask((200, OURS, PAGE)).epoch == 7


@pytest.mark.parametrize(
    ("reply", "state", "reason"),
    [
        ((200, {"Content-Type": "text/html"}, b"<html>Welcome to the hotel"), "no_answer", "not_the_centre"),
        ((200, {"Content-Type": CONTENT_TYPE}, PAGE), "no_answer", "not_the_centre"),
        ((200, {**OURS, "Content-Type": "application/json"}, PAGE), "no_answer", "not_the_centre"),
        ((302, {"Location": "http://127.0.0.1:1/login"}, b""), "no_answer", "not_the_centre"),
        ((403, {"Content-Type": "text/html"}, b"blocked"), "no_answer", "not_the_centre"),
        ((401, {"Content-Type": "text/html"}, b"who?"), "no_answer", "not_the_centre"),
        ((413, {"Content-Type": "text/html"}, b"a proxy's limit"), "no_answer", "not_the_centre"),
        ((200, OURS, b'{"epoch": 7'), "no_answer", "not_understood"),
        ((200, OURS, b'{"epoch": "\xff"}'), "no_answer", "not_understood"),
        ((401, OURS, encoder.encode(Refusal("unknown_token"))), "sign_in_again", "unknown_token"),
        ((403, OURS, encoder.encode(Refusal("device_withdrawn"))), "withdrawn", "device_withdrawn"),
        ((426, OURS, encoder.encode(Refusal("protocol_unknown"))), "too_old", "protocol_unknown"),
        ((200, {**OURS, VERSION_HEADER: "2"}, PAGE), "too_old", "protocol_unknown"),
        ((500, OURS, encoder.encode(Refusal("fault"))), "no_answer", "fault"),
        ((400, OURS, encoder.encode(Refusal("bad_message"))), "no_answer", "bad_message"),
    ],
)
def test_anything_else_is_no_answer(reply: Reply, state: str, reason: str) -> None:
    with pytest.raises(NoAnswer) as raised:
        ask(reply)
    assert (raised.value.state, raised.value.reason) == (state, reason)


def test_a_busy_centre_says_how_long_to_wait() -> None:
    with pytest.raises(NoAnswer) as raised:
        ask((503, {**OURS, "Retry-After": "4"}, encoder.encode(Refusal("centre_busy"))))
    assert (raised.value.state, raised.value.retry_after_s) == ("busy", 4.0)


def test_too_large_is_told_apart() -> None:
    with pytest.raises(TooLarge):
        ask((413, OURS, encoder.encode(Refusal("too_large"))))


def test_a_refusal_is_in_our_words_where_we_have_them() -> None:
    """A newer centre may say what this program has no words for."""
    said = [Refusal("code_used"), Refusal("invented_later"), Refusal("wrong_password")]
    with stranger(lambda asked: (403, OURS, encoder.encode(said.pop(0)))) as server:
        centre = Centre(server.url)
        for expected in ("code_used", "centre_refused", "centre_refused"):  # the last without its ``left``
            with pytest.raises(Refused) as raised:
                centre.post("/v1/enrol", {"code": "x"}, admission.enrol_answer, may_refuse=True)
            assert raised.value.code == expected
        centre.close()


def test_the_token_goes_to_the_centre_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not what ~/.netrc says, not after a redirect, and no cookie of anybody's comes back."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    elsewhere: list[Asked] = []

    def collect(asked: Asked) -> Reply:
        elsewhere.append(asked)
        return 200, OURS, PAGE

    with stranger(collect) as other:
        moved = (302, {"Location": other.url + "/v1/feed", "Set-Cookie": "portal=1; Path=/"}, b"")
        with stranger(lambda asked: moved) as server:
            centre = Centre(server.url, "t" * 43)
            for _ in range(2):
                with pytest.raises(NoAnswer):
                    centre.get("/v1/feed", feed_page, epoch=7, n=3)
            centre.close()
            assert [one.headers["Authorization"] for one in server.asked] == ["Bearer " + "t" * 43] * 2
            assert all("Cookie" not in one.headers for one in server.asked)
    assert elsewhere == []


def test_proxies_of_the_environment_are_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    with stranger(lambda asked: (200, OURS, PAGE)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        centre = Centre("http://centre.example", "t" * 43)
        assert centre.get("/v1/feed", feed_page, epoch=7, n=3).epoch == 7
        centre.close()
        assert proxy.asked[0].path.startswith("http://centre.example/v1/feed?")
    centre = Centre("http://centre.example", "t" * 43)
    with pytest.raises(NoAnswer) as raised:  # a proxy that is down
        centre.get("/v1/feed", feed_page, epoch=7, n=3)
    assert raised.value.reason == "proxy"
    centre.close()


def test_a_certificate_of_nobody_we_trust_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the machine's authorities nor one that it names; one that it names is believed."""
    import ssl

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with stranger(lambda asked: (200, OURS, PAGE)) as server:
        server.secure(context)
        url = server.url.replace("http:", "https:")
        centre = Centre(url)
        with pytest.raises(NoAnswer) as raised:
            centre.get("/v1/feed", feed_page)
        assert raised.value.reason == "certificate"
        centre.close()
        bundle = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(str(bundle))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
        centre = Centre(url)
        assert centre.get("/v1/feed", feed_page).epoch == 7
        centre.close()


def test_a_hanging_request_is_broken_off() -> None:
    with stranger(lambda asked: None) as server:
        centre = Centre(server.url)
        cut = threading.Timer(0.3, centre.cut)
        cut.start()
        began = time.monotonic()
        with pytest.raises(NoAnswer) as raised:
            centre.get("/v1/feed", feed_page)
        assert raised.value.reason == "stopping"
        assert time.monotonic() - began < 2
        cut.join()
        centre.close()


def test_a_kept_connection_that_died_is_no_failure() -> None:
    """The centre was restarted between two requests: the second one is asked again at once."""
    with stranger(lambda asked: (200, {**OURS, "Connection": "close"}, PAGE)) as server:
        centre = Centre(server.url)
        for _ in range(3):
            assert centre.get("/v1/feed", feed_page).epoch == 7
        centre.close()
