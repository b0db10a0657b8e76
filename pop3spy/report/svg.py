"""The ladder alone, as one SVG picture: for an issue, a wiki or a slide.

It loads nothing, has no script, and is light or dark as its reader is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape as markup
from xml.sax.saxutils import quoteattr

from pop3spy.protocol.frames import Side
from pop3spy.protocol.text import count, escape
from pop3spy.report.collected import CollectedSession
from pop3spy.report.ladder import LadderRow, RowKind, Waiter, ladder_of
from pop3spy.report.limits import LADDERS
from pop3spy.report.look import asset
from pop3spy.report.report import Report
from pop3spy.report.words import clock, cut, severity_word
from pop3spy.wrapping import columns, wrapped

_WIDTH: Final = 980
_CLIENT, _SERVER = 190, 700
_PROXY: Final = (_CLIENT + _SERVER) // 2
_NOTES: Final = _SERVER + 74
_LINE: Final = 17
_CHARACTER: Final = 7.25
"""Units that a character of the wire is broad, in every usual monospaced type of 12 units."""
_SAID: Final = int((_SERVER - _CLIENT - 40) / _CHARACTER)
_NOTE: Final = int((_WIDTH - _NOTES - 8) / 6.2)
_HEIGHTS: Final = (18, 20, 28, 38, 52, 70, 90)


def picture(report: Report) -> str:
    """Return the ladders of a report's sessions, one below the other."""
    drawing = _Drawing()
    shown = report.shown()
    for kept in shown[:LADDERS]:
        drawing.session(kept)
    if (more := len(report.sessions) - len(shown[:LADDERS])) > 0:
        left = f"{count(more, 'more session')}, not in this picture: --session N takes one"
        drawing.text(16, left, "sans quiet")
        drawing.down(_LINE)
    title = ", ".join(kept.label for kept in shown[:LADDERS])
    return drawing.whole(f"What client and server said in POP3: {title}")


@dataclass(slots=True)
class _Drawing:
    """A picture that grows downwards; ``at`` is where the next row begins."""

    at: float = 12
    parts: list[str] = field(default_factory=list)

    def whole(self, title: str) -> str:
        """Return the picture with all that belongs around it."""
        height = self.at + 12
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:g}"'
            f' width="{_WIDTH}" height="{height:g}" role="img" aria-label={quoteattr(title)}>\n'
            f"<title>{markup(title)}</title>\n<style>{asset('ladder.css')}</style>\n"
            f'<rect class="paper" width="{_WIDTH}" height="{height:g}"/>\n'
            + "\n".join(self.parts)
            + "\n</svg>\n"
        )

    def down(self, units: float) -> None:
        """Go on so much further below."""
        self.at += units

    def text(self, x: float, text: str, kind: str, anchor: str = "", *, dy: float = 12) -> None:
        """Write *text* in the row at hand, from *x* on or, with an *anchor*, up to or around it."""
        where = f' text-anchor="{anchor}"' if anchor else ""
        self.parts.append(
            f'<text x="{x:g}" y="{self.at + dy:g}" class="{kind}"{where}>{markup(text)}</text>'
        )

    def session(self, kept: CollectedSession) -> None:
        """Draw the ladder of a session."""
        peers = f"{escape(str(kept.session.client))} → {escape(str(kept.session.server))}"
        self.text(16, f"{kept.title}, {peers}, {kept.date:%Y-%m-%d %H:%M:%S} UTC", "sans bold")
        self.down(24)
        for x, name in ((_CLIENT, "client"), (_PROXY, "pop3spy"), (_SERVER, "server")):
            kind = "own" if name == "pop3spy" else name
            self.text(x, name, f"sans bold {kind}", "middle")
        self.text(58, "s", "sans small quiet", "end")
        self.text(_SERVER + 66, "took", "sans small quiet", "end")
        self.down(20)
        top = self.at
        lines = len(self.parts)
        spans: list[tuple[float, float, LadderRow]] = []
        for row in ladder_of(kept):
            begun = self.at
            self._row(kept, row)
            spans.append((begun, self.at, row))
        self.parts[lines:lines] = [*_lifelines(top, self.at), *_margins(spans)]
        self.down(24)

    def _row(self, kept: CollectedSession, row: LadderRow) -> None:
        begun = self.at
        notes = [*_notes(row)]
        if row.kind is RowKind.WAIT:
            self._wait(row)
        else:
            self.text(58, clock(row.at - kept.opened_at), "small quiet", "end")
            self.text(172, row.state, "sans small quiet", "end")
            self.text(_SERVER + 66, row.took, "small quiet", "end")
            self._said(row)
        end = self.at
        self.at = begun
        for kind, text in notes:
            self.text(_NOTES, text, f"sans small {kind}")
            self.down(14)
        self.at = max(self.at, end)

    def _wait(self, row: LadderRow) -> None:
        height = _HEIGHTS[row.height - 1]
        x, kind = {
            Waiter.CLIENT: (_CLIENT, "idle"),
            Waiter.OWN: (_PROXY, "own"),
            Waiter.TRANSFER: (_SERVER, "xfer"),
            Waiter.SERVER: (_SERVER, "wait"),
        }[row.waiter or Waiter.SERVER]
        kind = "late" if row.slow else kind
        self.parts.append(
            f'<rect class="{kind}" x="{x - 3.5:g}" y="{self.at:g}" width="7" height="{height}"/>'
        )
        ink = f"sans small {'warning bold' if row.slow else 'quiet'}"
        middle = height / 2 + 4
        if x == _SERVER:
            self._on_paper(x - 12, row.text, ink, "end", middle)
        else:
            self._on_paper(x + 12, row.text, ink, "start", middle)
        self.down(height)

    def _said(self, row: LadderRow) -> None:
        left = row.kind is RowKind.CLIENT or (
            row.kind in (RowKind.ASIDE, RowKind.END) and row.side is Side.CLIENT
        )
        middle = row.kind is RowKind.RUN or (row.kind is RowKind.ASIDE and row.side is None)
        wire = row.kind in (RowKind.CLIENT, RowKind.SERVER)
        ink = _ink(row)
        kind = ink if wire else f"sans small bold {ink}"
        text = cut(" ".join(filter(None, [row.text, row.more])))
        x = _PROXY if middle else _CLIENT + 12 if left else _SERVER - 12
        anchor = "middle" if middle else "start" if left else "end"
        if row.half:
            x = x if left else _PROXY - 12
        for line in _lines(text, _SAID // 2 if row.half else _SAID):
            self._on_paper(x, line, kind, anchor)
            self.down(_LINE)
        if wire:
            self._arrow(row, ink, left=left)

    def _on_paper(self, x: float, text: str, kind: str, anchor: str, dy: float = 12) -> None:
        if not text:
            return
        broad = columns(text) * (6.2 if "small" in kind else _CHARACTER) + 6
        begin = {"start": x - 3, "end": x - broad + 3, "middle": x - broad / 2}[anchor]
        self.parts.append(
            f'<rect class="paper" x="{begin:g}" y="{self.at + dy - 11:g}"'
            f' width="{broad:g}" height="14"/>'
        )
        self.text(x, text, kind, anchor, dy=dy)

    def _arrow(self, row: LadderRow, ink: str, *, left: bool) -> None:
        begin, end = (_CLIENT, _SERVER) if left else (_SERVER, _CLIENT)
        if row.half:
            begin, end = (begin, _PROXY) if left else (_PROXY, end)
        dash = ' stroke-dasharray="5 4"' if row.broken else ""
        y = self.at + 1
        tip = end - 7 if left else end + 7
        self.parts.append(
            f'<line class="{ink}" x1="{begin}" y1="{y:g}" x2="{end}" y2="{y:g}"{dash}/>'
            f'<polygon class="{ink}" points="{end},{y:g} {tip},{y - 3.5:g} {tip},{y + 3.5:g}"/>'
        )
        self.down(4)


def _ink(row: LadderRow) -> str:
    if row.kind in (RowKind.RUN, RowKind.ASIDE, RowKind.END):
        return "warning" if row.broken else "quiet" if row.kind is RowKind.RUN else ""
    if row.half:
        return "own"
    if row.broken or row.refused:
        return "error"
    return "client" if row.kind is RowKind.CLIENT else "server"


def _notes(row: LadderRow) -> Iterator[tuple[str, str]]:
    """Yield the lines of what stands beside a row, with the ink of each."""
    told = [("own", f"◆ {text}") for text in row.own or ()]
    told += [
        (finding.severity.word, f"{severity_word(finding.severity)}: {finding.text}")
        for finding in row.findings
    ]
    for kind, text in told:
        for line in _lines(cut(text, 300), _NOTE):
            yield kind, line


def _lines(text: str, room: int) -> list[str]:
    return wrapped(text, room, room)


def _lifelines(top: float, bottom: float) -> Iterator[str]:
    for x, dash in ((_CLIENT, ""), (_PROXY, ' stroke-dasharray="1 3"'), (_SERVER, "")):
        yield f'<line x1="{x}" y1="{top:g}" x2="{x}" y2="{bottom:g}"{dash}/>'


def _margins(spans: Sequence[tuple[float, float, LadderRow]]) -> Iterator[str]:
    """Yield the margin, dotted before login, and the second lifelines of what is inside TLS."""
    for top, bottom, row in spans:
        dash = "" if row.logged_in else ' stroke-dasharray="2 3"'
        yield f'<line x1="178" y1="{top:g}" x2="178" y2="{bottom:g}" stroke-width="2"{dash}/>'
        if row.tls:
            for x in (_CLIENT, _SERVER):
                yield f'<line x1="{x + 3}" y1="{top:g}" x2="{x + 3}" y2="{bottom:g}"/>'
