"""The client: one thread's way to the centre over HTTP, and what anything but its answer comes to."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar

import msgspec
import requests
import urllib3
from requests.adapters import BaseAdapter
from requests.auth import AuthBase

from commandcenter.domain.errors import Refused, Unavailable
from commandcenter.protocol.messages import (
    CONTENT_TYPE,
    VERSION,
    VERSION_HEADER,
    Answer,
    Refusal,
    encoder,
    refusal,
)
from commandcenter.sync.adapter import Adapter, Sockets
from commandcenter.sync.state import State
from commandcenter.words import Words

M = TypeVar("M")

CONNECT_S = 2.5  # a desk that is closed while it connects waits no longer than for this
READ_S = 30.0
STREAM_READ_S = 31.0  # three times the centre's ping
WORTH_PACKING = 1_400  # what goes into one packet anyway
GZIP_LEVEL = 1
EVENT_STREAM = "text/event-stream"
RETRY_AFTER_MAX_S = 600.0
PROXIES_LAST_S = 10.0
# (the centre's clock, the desk's when it asked, the desk's when it had the answer), all in milliseconds
Measured = Callable[[int, int, int], None]


class NoAnswer(Exception):
    """What came is no answer of the centre's: every change stays where it is. ``retry_after_s``: what the
    centre asked to wait."""

    def __init__(self, state: State, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(state, reason)
        self.state = state
        self.reason = reason
        self.retry_after_s = retry_after_s


class TooLarge(Exception):
    """The centre takes no request of this size (413)."""


class _Token(AuthBase):
    """A session's own kind of authorisation, or the library would look for one in ~/.netrc."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


@dataclass(frozen=True)
class Packed:
    """A message as it goes over the wire."""

    body: bytes
    headers: dict[str, str]


class Centre:
    """One thread's session with the centre at ``url``. Only :meth:`cut` may be called by another thread."""

    def __init__(
        self, url: str, token: str | None = None, *, measured: Measured = lambda now, asked, had: None
    ) -> None:
        self.url = url.rstrip("/")
        self._measured = measured
        self._sockets = Sockets()
        self._stopping = False
        self._kept = False  # a connection that answered once
        self._proxies: Mapping[str, Any] | None = None
        self._look_again = 0.0
        self.session = requests.Session()
        adapter: BaseAdapter = Adapter(self._sockets)
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, adapter)
        self.session.auth = _Token(token)
        self.session.headers.update({VERSION_HEADER: str(VERSION), "Accept-Encoding": "gzip"})
        # whatever sets cookies on the way is not the centre
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get(self, path: str, decoder: msgspec.json.Decoder[M], **parameters: object) -> M:
        """GET. NoAnswer, TooLarge."""
        return self._asked("GET", path, decoder, parameters, None)

    def post(
        self, path: str, message: Any, decoder: msgspec.json.Decoder[M], *, may_refuse: bool = False
    ) -> M:
        """POST a message, or one that was packed before. NoAnswer, TooLarge; with ``may_refuse`` Refused as
        the centre says it."""
        return self._asked("POST", path, decoder, {}, message, may_refuse=may_refuse)

    def packed(self, message: Any) -> Packed:
        """The message as :meth:`post` would send it."""
        body = encoder.encode(message)
        headers = {"Content-Type": CONTENT_TYPE}
        if len(body) >= WORTH_PACKING:
            packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 31)
            body = packer.compress(body) + packer.flush()
            headers["Content-Encoding"] = "gzip"
        return Packed(body, headers)

    def _asked(
        self,
        method: str,
        path: str,
        decoder: msgspec.json.Decoder[M],
        parameters: Mapping[str, object],
        message: Any,
        *,
        may_refuse: bool = False,
    ) -> M:
        headers = {"Accept": CONTENT_TYPE}
        body = None
        if message is not None:
            ready = message if isinstance(message, Packed) else self.packed(message)
            body = ready.body
            headers |= ready.headers
        request = requests.Request(
            method,
            self.url + path,
            params={name: str(value) for name, value in parameters.items()},
            data=body,
            headers=headers,
        )
        try:
            asked, response = self._sent(request)
            content = response.content
        except Exception as error:
            raise self.unreached(error) from error
        had = time.time_ns() // 1_000_000
        check(response, CONTENT_TYPE, content, may_refuse=may_refuse)
        try:
            answer = decoder.decode(content)
        except (msgspec.MsgspecError, ValueError) as error:
            raise NoAnswer("no_answer", "not_understood") from error
        if isinstance(answer, Answer):
            self._measured(answer.now, asked, had)
        return answer

    def _sent(self, request: requests.Request) -> tuple[int, requests.Response]:
        """(when it was asked, the answer), asked a second time where a connection that was kept proved dead:
        everything asked of the centre may be asked twice."""
        kept = self._kept
        self._kept = False
        for again in (kept, False):
            asked = time.time_ns() // 1_000_000
            try:
                prepared = self.session.prepare_request(request)
                settings = self._settings(prepared.url or "")
                response = self.session.send(
                    prepared,
                    timeout=(CONNECT_S, READ_S),
                    allow_redirects=False,  # who points elsewhere is not the centre
                    **settings,
                )
            except requests.ConnectionError as error:
                if not again or self._stopping or isinstance(error, requests.Timeout):
                    raise
            else:
                self._kept = True
                return asked, response
        raise AssertionError

    def _settings(self, url: str) -> Mapping[str, Any]:
        """The machine's proxies and authorities, looked up now and then: for each request it is a cost."""
        if self._proxies is None or time.monotonic() > self._look_again:
            self._proxies = self.session.merge_environment_settings(url, {}, None, None, None)
            self._look_again = time.monotonic() + PROXIES_LAST_S
        return self._proxies

    def unreached(self, error: Exception) -> Exception:
        """What an error under way comes to: NoAnswer, or the error itself where it is our fault."""
        if self._stopping:  # in the middle of anything, so as anything
            return NoAnswer("no_answer", "stopping")
        reason = _reason(error)
        return error if reason is None else NoAnswer("no_answer", reason)

    def cut(self) -> None:
        """End what is under way, from another thread; what is asked after it fails at once."""
        self._stopping = True
        self._sockets.cut()

    def close(self) -> None:
        """Close the connections."""
        self.session.close()


def _reason(error: Exception) -> str | None:
    if isinstance(error, requests.exceptions.ProxyError):
        return "proxy"
    if isinstance(error, requests.exceptions.SSLError):
        return "certificate"
    if isinstance(error, requests.exceptions.Timeout):
        return "timeout"
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return "not_an_address"
    if isinstance(error, requests.RequestException | urllib3.exceptions.HTTPError | OSError):
        return "unreachable"
    return None


def check(
    response: requests.Response, content_type: str, content: bytes = b"", *, may_refuse: bool = False
) -> None:
    """Whether this is the centre's yes. NoAnswer, TooLarge, Refused."""
    status = response.status_code
    retry_after_s = _retry_after(response)
    said = response.headers.get(VERSION_HEADER)
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if said is not None and said != str(VERSION):
        raise NoAnswer("too_old", "protocol_unknown")
    if status == 200 and said is not None and kind == content_type:
        return
    if said is None or kind != CONTENT_TYPE:
        raise NoAnswer("no_answer", "not_the_centre", retry_after_s)
    code, arguments = _code(content)
    if status == 413:
        raise TooLarge
    if status == 401:
        raise NoAnswer("sign_in_again", code)
    if status == 426:
        raise NoAnswer("too_old", code)
    if status == 503:
        raise NoAnswer("busy", code, retry_after_s)
    if status == 403 and (not may_refuse or code == "device_withdrawn"):
        raise NoAnswer("withdrawn" if code == "device_withdrawn" else "no_answer", code)
    if may_refuse and 400 <= status < 500:
        raise _refused(code, arguments)
    raise NoAnswer("no_answer", code, retry_after_s)


def _code(content: bytes) -> tuple[str, dict[str, Any]]:
    try:
        said: Refusal = refusal.decode(content)
    except (msgspec.MsgspecError, ValueError):
        return "not_understood", {}
    return said.code, said.arguments


def _refused(code: str, arguments: dict[str, Any]) -> Refused:
    """The centre's no, in words of this program's where it has them."""
    try:
        Words()(f"refused.{code}", **arguments, reason_="")  # one value at least, or nothing is filled in
    except KeyError:
        return Refused("centre_refused", reason=code)
    return Refused(code, **arguments)


def unavailable(no: NoAnswer, url: str) -> Unavailable:
    """The same for who asked once and waits for the answer."""
    match no.state:
        case "sign_in_again":
            return Unavailable("centre_knows_no_token")
        case "withdrawn":
            return Unavailable("desk_withdrawn")
        case "too_old":
            return Unavailable("program_too_old")
        case "busy":
            return Unavailable("centre_busy")
        case _:
            return Unavailable("centre_no_answer", url=url, reason=no.reason)


def _retry_after(response: requests.Response) -> float | None:
    text = response.headers.get("Retry-After", "")
    return min(float(text), RETRY_AFTER_MAX_S) if text.isascii() and text.isdigit() else None
