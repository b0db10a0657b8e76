"""The ladder alone, as one SVG picture: for an issue, a wiki or a slide.

It loads nothing, has no script, and is light or dark as its reader is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape as markup
from xml.sax.saxutils import quoteattr

from pop3spy.protocol.frames import Side
from pop3spy.protocol.text import count
from pop3spy.report.assets import asset
from pop3spy.report.collected import CollectedSession, WaitedFor
from pop3spy.report.ladder import ladder_of
from pop3spy.report.ladder_row import HEIGHTS, LadderRow, Reach, RowKind
from pop3spy.report.limits import LADDERS
from pop3spy.report.report import Report
from pop3spy.report.words import clock, cut, severity_word
from pop3spy.wrapping import columns, wrapped

_WIDTH: Final = 980
_LEFT, _TIME, _STATE, _MARGIN, _CLIENT, _SERVER = 16, 58, 172, 178, 190, 700
_PROXY, _TOOK, _NOTES = (_CLIENT + _SERVER) // 2, _SERVER + 66, _SERVER + 74
"""Where the columns are, from the left; those of times and states end there."""
_LINE, _NOTE_LINE, _ARROW, _GAP = 17, 14, 4, 24
"""How high a line is, one of a note, what an arrow takes, and what stands between sessions."""
_CHARACTER, _SMALL_CHARACTER = 7.25, 6.2
"""How broad a character of 12 units is in every usual monospaced type, and one of a note."""
_INSET: Final = 12
"""Between a lifeline and what stands beside it."""
_SAID: Final = int((_SERVER - _CLIENT - 3 * _INSET) / _CHARACTER)
_NOTE: Final = int((_WIDTH - _NOTES) / _SMALL_CHARACTER) - 1
_WAITS: Final = dict(zip(range(1, HEIGHTS + 1), (18, 20, 28, 38, 52, 70, 90), strict=True))
_PLACES: Final = {
    WaitedFor.CLIENT: (_CLIENT, "idle"),
    WaitedFor.OWN: (_PROXY, "own"),
    WaitedFor.TRANSFER: (_SERVER, "xfer"),
    WaitedFor.SERVER: (_SERVER, "wait"),
    WaitedFor.UNKNOWN: (_PROXY, "idle"),
}
"""Where a wait is drawn, and its class in the style sheet."""


def picture(report: Report) -> str:
    """Return the ladders of a report's sessions, one below the other."""
    canvas = _Canvas()
    shown = report.shown()
    for collected in shown[:LADDERS]:
        canvas.session(collected)
    if (more := len(report.sessions) - len(shown[:LADDERS])) > 0:
        left = f"{count(more, 'more session')}, not in this picture: --session N takes one"
        canvas.text(_LEFT, left, "sans quiet")
        canvas.down(_LINE)
    for sentence in report.parts_left_out():
        canvas.text(_LEFT, sentence, "sans quiet")
        canvas.down(_LINE)
    title = ", ".join(collected.label for collected in shown[:LADDERS])
    return canvas.whole(f"What client and server said in POP3: {title}")


@dataclass(slots=True)
class _Canvas:
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

    def session(self, collected: CollectedSession) -> None:
        """Draw the ladder of a session."""
        when = f"{collected.date:%Y-%m-%d %H:%M:%S} UTC"
        self.text(_LEFT, f"{collected.title}, {collected.peers}, {when}", "sans bold")
        self.down(_GAP)
        for x, name in ((_CLIENT, "client"), (_PROXY, "pop3spy"), (_SERVER, "server")):
            kind = "own" if name == "pop3spy" else name
            self.text(x, name, f"sans bold {kind}", "middle")
        self.text(_TIME, "s", "sans small quiet", "end")
        self.text(_TOOK, "took", "sans small quiet", "end")
        self.down(_LINE)
        top = self.at
        lines = len(self.parts)
        spans: list[tuple[float, float, LadderRow]] = []
        for row in ladder_of(collected):
            begun = self.at
            self._row(collected, row)
            spans.append((begun, self.at, row))
        self.parts[lines:lines] = [*_lifelines(top, self.at), *_margins(spans)]
        self.down(_GAP)

    def _row(self, collected: CollectedSession, row: LadderRow) -> None:
        begun = self.at
        notes = [*_notes(row)]
        if row.kind is RowKind.WAIT:
            self._wait(row)
        else:
            self.text(_TIME, clock(row.at - collected.opened_at), "small quiet", "end")
            self.text(_STATE, row.state, "sans small quiet", "end")
            self.text(_TOOK, row.took, "small quiet", "end")
            self._said(row)
        end = self.at
        self.at = begun
        for kind, text in notes:
            self.text(_NOTES, text, f"sans small {kind}")
            self.down(_NOTE_LINE)
        self.at = max(self.at, end)

    def _wait(self, row: LadderRow) -> None:
        height = _WAITS[row.height]
        x, kind = _PLACES[row.waited_for or WaitedFor.SERVER]
        kind = "slow" if row.slow else kind
        self.parts.append(
            f'<rect class="{kind}" x="{x - 3.5:g}" y="{self.at:g}" width="7" height="{height}"/>'
        )
        ink = f"sans small {'warning bold' if row.slow else 'quiet'}"
        middle = height / 2 + 4
        if x == _SERVER:
            self._on_paper(x - _INSET, row.text, ink, "end", middle)
        else:
            self._on_paper(x + _INSET, row.text, ink, "start", middle)
        self.down(height)

    def _said(self, row: LadderRow) -> None:
        ink, wire = _ink(row), row.kind in (RowKind.CLIENT, RowKind.SERVER)
        kind = ink if wire else f"sans small bold {ink}"
        text = cut(" ".join(filter(None, [row.text, row.more])))
        x, anchor = _standing(row)
        for line in _lines(text, _SAID if row.reach is Reach.WHOLE else _SAID // 2):
            self._on_paper(x, line, kind, anchor)
            self.down(_LINE)
        if wire:
            self._arrow(row, ink)

    def _on_paper(self, x: float, text: str, kind: str, anchor: str, dy: float = 12) -> None:
        if not text:
            return
        broad = columns(text) * (_SMALL_CHARACTER if "small" in kind else _CHARACTER) + 6
        begin = {"start": x - 3, "end": x - broad + 3, "middle": x - broad / 2}[anchor]
        self.parts.append(
            f'<rect class="paper" x="{begin:g}" y="{self.at + dy - 11:g}"'
            f' width="{broad:g}" height="14"/>'
        )
        self.text(x, text, kind, anchor, dy=dy)

    def _arrow(self, row: LadderRow, ink: str) -> None:
        left = row.kind is RowKind.CLIENT
        begin, end = (_CLIENT, _SERVER) if left else (_SERVER, _CLIENT)
        begin = _PROXY if row.reach is Reach.FROM_POP3SPY else begin
        end = _PROXY if row.reach is Reach.TO_POP3SPY else end
        dash = ' stroke-dasharray="5 4"' if row.broken else ""
        y = self.at + 1
        tip = end - 7 if left else end + 7
        self.parts.append(
            f'<line class="{ink}" x1="{begin}" y1="{y:g}" x2="{end}" y2="{y:g}"{dash}/>'
            f'<polygon class="{ink}" points="{end},{y:g} {tip},{y - 3.5:g} {tip},{y + 3.5:g}"/>'
        )
        self.down(_ARROW)


def _standing(row: LadderRow) -> tuple[int, str]:
    """Return where the text of a row stands, and whether that is its start, middle or end."""
    if row.kind is RowKind.RUN or (row.kind is RowKind.ASIDE and row.side is None):
        return _PROXY, "middle"
    beside = row.kind in (RowKind.ASIDE, RowKind.END)
    from_pop3spy = row.reach is Reach.FROM_POP3SPY
    if row.kind is RowKind.CLIENT or (beside and row.side is Side.CLIENT):
        return (_PROXY if from_pop3spy else _CLIENT) + _INSET, "start"
    return (_PROXY if from_pop3spy else _SERVER) - _INSET, "end"


def _ink(row: LadderRow) -> str:
    if row.kind in (RowKind.RUN, RowKind.ASIDE, RowKind.END):
        return "warning" if row.broken else "quiet" if row.kind is RowKind.RUN else ""
    if row.reach is Reach.FROM_POP3SPY:
        return "own"
    if row.broken or row.refused:
        return "error"
    return "client" if row.kind is RowKind.CLIENT else "server"


def _notes(row: LadderRow) -> Iterator[tuple[str, str]]:
    """Yield the lines of what stands beside a row, with the ink of each."""
    told = [("own", f"◆ {text}") for text in row.own]
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
        where = f'x1="{_MARGIN}" y1="{top:g}" x2="{_MARGIN}" y2="{bottom:g}"'
        yield f'<line {where} stroke-width="2"{dash}/>'
        for side in row.secured:
            x = _CLIENT if side is Side.CLIENT else _SERVER
            yield f'<line x1="{x + 3}" y1="{top:g}" x2="{x + 3}" y2="{bottom:g}"/>'
