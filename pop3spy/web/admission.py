"""Who may ask anything at all, before any question is looked at.

Rules: 1. a page of another origin can neither read nor act, whatever name it gives this machine;
2. other users of this machine can reach the port, and have no cookie; 3. nothing is kept by a
browser, shown in a frame, or taken for what it is not.
"""

from collections.abc import Iterable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pop3spy.web.answers import refusal
from pop3spy.web.tokens import Tokens

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
    " form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for"
    " 'script'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""What every answer has."""
OPEN: Final = frozenset({"/api/login"})
"""What of the API may be asked without a cookie."""
_OWN_SITE: Final = frozenset({"same-origin", "none"})
"""From where a browser may ask: the page itself, or a person who typed the address."""


class Admission:
    """Lets requests through to *app* that come to this machine at *port*, from a known browser."""

    def __init__(self, app: ASGIApp, port: int, tokens: Tokens) -> None:
        self._app = app
        self._hosts = {f"{host}:{port}" for host in ("127.0.0.1", "localhost", "[::1]")}
        self._origins = {f"http://{host}" for host in self._hosts}
        self._cookie = cookie_name(port)
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let *app* do that."""
        if scope["type"] != "http":
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refused = self._refused(scope["method"], scope["path"], Headers(scope=scope))
        answer = refusal(*refused) if refused else self._app
        await answer(scope, receive, sending)

    def _refused(self, method: str, path: str, headers: Headers) -> tuple[int, str] | None:
        """Return with which status a request is refused, and why; None if it is let through."""
        if not _all_in(headers.getlist("host"), self._hosts, needed=True):
            return 421, "this is the inspector of another address; use the one that was printed"
        if not _all_in(headers.getlist("origin"), self._origins):
            return 403, "pages of other origins may not ask"
        if not _all_in(headers.getlist("sec-fetch-site"), _OWN_SITE):
            return 403, "pages of other sites may not ask; open the address by hand"
        if path.startswith("/api/") and path not in OPEN and not self._knows(headers):
            return 401, "use the link that was printed, or a new one: :web in the console gives it"
        if method == "POST":
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "application/json":
                return 415, "the Content-Type has to be application/json"
        return None

    def _knows(self, headers: Headers) -> bool:
        cookies = cookie_parser("; ".join(headers.getlist("cookie")))
        given = cookies.get(self._cookie)
        return given is not None and self._tokens.knows(given)


def cookie_name(port: int) -> str:
    """Return the name of the cookie: browsers do not keep those of two ports apart."""
    return f"pop3spy-{port}"


def _all_in(given: list[str], allowed: Iterable[str], *, needed: bool = False) -> bool:
    """Return whether the values of a header, at most one of which may be *given*, are *allowed*."""
    if not given:
        return not needed
    return len(given) == 1 and given[0].lower() in allowed
