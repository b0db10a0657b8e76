"""What the inspector answers: each route is a method here, and a path of ``openapi.yaml``."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from pop3spy import __version__
from pop3spy.console.meaning import explanation
from pop3spy.errors import Pop3SpyError
from pop3spy.export import EXPORTERS
from pop3spy.filters.expression import Filter, compile_filter
from pop3spy.filters.tokens import FilterError
from pop3spy.findings import own_rules
from pop3spy.protocol.text import escape
from pop3spy.session.facts import rounded
from pop3spy.session.json_text import json_text
from pop3spy.web import forms
from pop3spy.web.acts import Acts
from pop3spy.web.admission import Admission, cookie_name
from pop3spy.web.answers import QuestionError, answer, number, question, raw_answer, refusal
from pop3spy.web.checks import CHECKS, check
from pop3spy.web.feed import Feed
from pop3spy.web.files import files, schema
from pop3spy.web.filtering import matching, statistics, with_match
from pop3spy.web.saving import Export, Report, SavedFile, saved_report
from pop3spy.web.stream import EventStream
from pop3spy.web.tokens import Tokens
from pop3spy.web.watched import WatchedSession

PAGES: Final = 16
"""Pages that may look at a time."""
LISTED: Final = 200
"""Sessions, or findings, of one answer."""
LONGEST: Final = 400
"""Characters of what is to be explained."""

Endpoint = Callable[[Request], Awaitable[ASGIApp]]


@dataclass(slots=True)
class About:
    """What hardly changes: when times count from, what is shown, whether it goes on."""

    started: datetime
    title: str
    live: bool


class InspectorApi:
    """Answers what is asked of *feed*; without *acts* nobody may do anything.

    *report_of* makes the report of a session, and *export_of* exports one, where that can be done;
    *complain* is told what goes wrong here.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it brings together
        self,
        about: About,
        feed: Feed,
        tokens: Tokens,
        acts: Acts | None,
        report_of: Report | None,
        export_of: Export | None,
        complain: Callable[[Exception], None],
    ) -> None:
        self._about = about
        self._feed = feed
        self._tokens = tokens
        self._acts = acts
        self._report_of = report_of
        self._export_of = export_of
        self._complain = complain
        self._port = 0

    def app(self, port: int) -> ASGIApp:
        """Return the application for requests that come to *port*."""
        self._port = port
        routes = [
            Route(path, partial(self._answer, ask), methods=[method])
            for method, path, ask in self.routes()
        ]
        app = Starlette(routes=routes, exception_handlers=_FAILED)
        app.router.redirect_slashes = False  # a path has one name, and the file has that
        return Admission(app, port, self._tokens)

    def routes(self) -> Sequence[tuple[str, str, Endpoint]]:
        """Return the method, the path and the answer of every route."""
        return (
            ("GET", "/", self._page),
            ("GET", "/page/{name}", self._page),
            ("POST", "/api/login", self._login),
            ("GET", "/api/snapshot", self._snapshot),
            ("GET", "/api/events", self._events),
            ("GET", "/api/sessions", self._sessions),
            ("GET", "/api/sessions/{session:int}", self._session),
            ("GET", "/api/sessions/{session:int}/report", self._report),
            ("GET", "/api/sessions/{session:int}/export/{form}", self._export),
            ("GET", "/api/sessions/{session:int}/{exchange:int}/body", self._body),
            ("GET", "/api/findings", self._findings),
            ("GET", "/api/explain", self._explain),
            ("GET", "/api/statistics", self._statistics),
            ("GET", "/api/control", self._control),
            ("POST", "/api/acts", self._act),
            ("POST", "/api/check", self._check),
            ("GET", "/api/openapi.yaml", self._openapi),
        )

    def everything(self) -> dict[str, Any]:
        """Return what a page has to know when it begins."""
        sessions = self._feed.sessions
        return {
            "id": self._feed.ring.id,
            "version": __version__,
            "started": self._about.started.isoformat(timespec="milliseconds"),
            "now": rounded(self._feed.now()),
            "title": escape(self._about.title),
            "live": self._about.live and not self._feed.over,
            "report": self._report_of is not None,
            "exports": self._exports(),
            "counts": forms.counts(sessions),
            "sessions": [*map(forms.summary, islice(sessions.newest_first(), LISTED))],
            "findings": forms.findings(sessions.all(), LISTED),
            "notes": list(self._feed.notes),
            "control": self._feed.state(),
        }

    # -- the page -------------------------------------------------------------------------------

    async def _page(self, request: Request) -> ASGIApp:
        found = files().get(request.path_params.get("name", "index.html"))
        if found is None:
            raise QuestionError(404, "there is no such file")
        return Response(found.octets, media_type=found.kind)

    async def _openapi(self, _: Request) -> ASGIApp:
        return Response(schema(), media_type="application/yaml")

    async def _login(self, request: Request) -> ASGIApp:
        token = (await question(request)).get("token")
        cookie = self._tokens.exchange(token) if isinstance(token, str) else None
        if cookie is None:
            raise QuestionError(
                403, "this link was used, or is none; :web in the console gives a new one"
            )
        response = Response(status_code=204)
        response.set_cookie(
            cookie_name(self._port), cookie, path="/", httponly=True, samesite="strict"
        )
        return response

    # -- what happens ---------------------------------------------------------------------------

    async def _snapshot(self, _: Request) -> ASGIApp:
        return answer(self.everything())

    async def _events(self, request: Request) -> ASGIApp:
        if self._feed.pages >= PAGES:
            raise QuestionError(503, f"{PAGES} pages are open already; close one of them")
        last = request.headers.get("last-event-id") or request.query_params.get("since", "")
        return EventStream(self._feed, last, self.everything)

    async def _sessions(self, request: Request) -> ASGIApp:
        sessions = self._feed.sessions
        before, most = number(request, "before"), number(request, "limit", LISTED)
        most = max(1, min(most or LISTED, LISTED))
        found = sessions.newest_first(before)
        if (wanted := _filter(request)) is not None:
            meant = await with_match((each.session for each in found), wanted, most + 1)
            found = filter(None, [sessions.watched(each.id) for each in meant])
        listed = [forms.summary(each) for each in islice(found, most + 1)]
        return answer(
            {
                "id": self._feed.ring.id,
                "counts": forms.counts(sessions),
                "sessions": listed[:most],
                "more": len(listed) > most,
            }
        )

    async def _session(self, request: Request) -> ASGIApp:
        watched = self._watched(request)
        session, wanted = watched.session, _filter(request)
        start = number(request, "from", 0) or 0
        meant = None if wanted is None else await matching(session, wanted)
        exchanges = [each for each in session.exchanges if each.number >= start]
        kept = self._feed.sessions.body
        texts = [
            forms.exchange_text(watched, each, body=kept(session.id, each.number) is not None)
            for each in exchanges
        ]
        told = {
            "id": self._feed.ring.id,
            "session": forms.summary(watched),
            "earlier": session.exchanges[0].number - 1 if session.exchanges else 0,
            "matching": meant,
            "marks": [forms.mark(watched, one) for one in watched.marks],
            "findings": [forms.finding(session, one) for one in session.findings],
            "verdict": forms.verdict(session),
        }
        return raw_answer(f'{json_text(told)[:-1]}, "exchanges": [{", ".join(texts)}]}}')

    async def _body(self, request: Request) -> ASGIApp:
        session, exchange = request.path_params["session"], request.path_params["exchange"]
        head = self._feed.sessions.body(session, exchange)
        if head is None:
            raise QuestionError(404, "nothing of that body is kept")
        return answer(forms.body(head, number(request, "from", 0) or 0))

    async def _report(self, request: Request) -> ASGIApp:
        watched = self._watched(request)
        if self._report_of is None:
            raise QuestionError(404, "no report can be made here")
        return await self._saved(saved_report(watched, self._report_of))

    async def _export(self, request: Request) -> ASGIApp:
        session = self._watched(request).session
        name = request.path_params["form"]
        if self._export_of is None:
            raise QuestionError(404, "nothing is exported here: what was read is no file")
        if name not in EXPORTERS:
            raise QuestionError(404, f"there is no such form; there are {', '.join(EXPORTERS)}")
        return await self._saved(self._export_of(session, name))

    async def _saved(self, making: Awaitable[SavedFile]) -> ASGIApp:
        try:
            file = await making
        except Pop3SpyError as error:
            raise QuestionError(409, str(error)) from None
        return Response(file.octets, media_type=file.kind, headers=file.headers)

    def _exports(self) -> list[dict[str, str]]:
        if self._export_of is None:
            return []
        return [{"form": name, "summary": form.summary} for name, form in EXPORTERS.items()]

    async def _findings(self, request: Request) -> ASGIApp:
        sessions = self._feed.sessions.all()
        if (only := number(request, "session")) is not None:
            sessions = [each for each in sessions if each.id == only]
        return answer({"findings": forms.findings(sessions, LISTED)})

    async def _explain(self, request: Request) -> ASGIApp:
        about = request.query_params.get("about", "")[:LONGEST]
        return answer({"paragraphs": explanation(about, own_rules())})

    async def _statistics(self, request: Request) -> ASGIApp:
        only = number(request, "session")
        sessions = self._feed.sessions.all()
        chosen = [each for each in sessions if only in (None, each.id)]
        head, *rows = await statistics(chosen)
        return answer({"sessions": len(chosen), "head": head, "rows": rows})

    # -- what is done ---------------------------------------------------------------------------

    async def _control(self, _: Request) -> ASGIApp:
        return answer(self._feed.state())

    async def _act(self, request: Request) -> ASGIApp:
        if self._acts is None:
            raise QuestionError(403, "pages may look and not act here; start with --web-control")
        outcome = await self._acts.do(await question(request))
        return answer(outcome.answer, outcome.status)

    async def _check(self, request: Request) -> ASGIApp:
        given = await question(request)
        kind, text = given.get("kind"), given.get("text")
        if kind not in CHECKS or not isinstance(text, str):
            raise QuestionError(422, f"kind is one of {', '.join(CHECKS)}, and text a text")
        return answer(check(kind, text))

    def _watched(self, request: Request) -> WatchedSession:
        watched = self._feed.sessions.watched(request.path_params["session"])
        if watched is None:
            raise QuestionError(404, "that session is not kept here; a recording may have it")
        return watched

    async def _answer(self, ask: Endpoint, request: Request) -> ASGIApp:
        try:
            return await ask(request)
        except QuestionError as error:
            return refusal(error.status, str(error), error.column)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - whatever fails here, the traffic goes on
            self._complain(error)
            return refusal(500, "that failed, and the traffic goes on")


async def _unknown(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return refusal(error.status_code, _WHY[error.status_code])


def _filter(request: Request) -> Filter | None:
    """Return the filter of a query, if it has one; raise QuestionError with its column."""
    text = request.query_params.get("filter", "")
    if not text.strip():
        return None
    try:
        return compile_filter(text)
    except FilterError as error:
        raise QuestionError(422, str(error), error.column) from None


_WHY: Final = {404: "there is no such path", 405: "this path is asked in another way"}
_FAILED: Final = {404: _unknown, 405: _unknown}
