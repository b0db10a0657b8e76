"""Each command in each state in which it has no place."""

from collections.abc import Awaitable, Callable
from typing import Final

from pop3spy.check.audit import Audit
from pop3spy.check.needs import Need
from pop3spy.check.refusing import odd_and_noop, refused, refused_before_login, refused_in_session
from pop3spy.check.registry import (
    Judgement,
    Level,
    check,
    failed,
    info,
    non_strict,
    passed,
)
from pop3spy.check.reply import ReplyKind

_STATES: Final = "RFC 1939, sections 3 and 4"
_ZEROS: Final = "0" * 32
_MOST: Final = 12
_OPEN: Final = "Mail can be read, or removed, without a login."
_WAITS: Final = "A client in the wrong state has to learn of it; one that is not told waits."
_OTHER: Final = "Changing the user in the middle of a session mixes up two maildrops."

_BEFORE: Final = (
    ("state/1", "STAT", _WAITS, ""),
    ("state/2", "LIST", "A client takes what comes for the list of a maildrop.", ""),
    ("state/3", "RETR 1", _OPEN, ""),
    ("state/4", "DELE 1", _OPEN, ""),
    ("state/5", "NOOP", "Some clients keep a connection alive with it.", "it does no harm"),
    ("state/6", "RSET", _WAITS, ""),
    ("state/7", "TOP 1 0", _OPEN, ""),
    ("state/8", "UIDL", "A client takes what comes for the list of a maildrop.", ""),
    ("state/16", "XYZZY", "Clients find out what there is by trying.", ""),
)
"""What is refused before the login: id, command, whom it hurts, why +OK would be harmless."""

_BEHIND: Final = (
    ("state/10", "USER {invented}", "RFC 1939, sections 3 and 7", _OTHER, ()),
    (
        "state/11",
        "PASS x",
        "RFC 1939, sections 3 and 7",
        "A password that is repeated in an error ends in logs.",
        ("x",),
    ),
    ("state/12", f"APOP {{invented}} {_ZEROS}", "RFC 1939, sections 3 and 7", _OTHER, ()),
    ("state/13", "AUTH PLAIN", "RFC 5034, section 4", _OTHER, ()),
    (
        "state/14",
        "STLS",
        "RFC 2595, section 4",
        "TLS that begins then protects nothing of what was said before.",
        (),
    ),
    (
        "state/15",
        "UTF8",
        "RFC 6856, section 2",
        "Sizes and headers are fixed at the login; a change makes them wrong.",
        (),
    ),
)
"""What is refused after the login: id, command, reference, whom it hurts, words not repeated."""


def _before(command: str, taken: str) -> Callable[[Audit], Awaitable[Judgement]]:
    async def judge(audit: Audit) -> Judgement:
        """Passes with -ERR; non-strict with a close; fails with +OK or without an answer."""
        return await refused_before_login(audit, command, taken=taken)

    return judge


for _id, _command, _harm, _taken in _BEFORE:
    _what = "An unknown command" if _command == "XYZZY" else _command.split()[0]
    check(
        _id,
        Level.MUST,
        _STATES,
        title=f"{_what} before the login is refused",
        harm=_harm,
        done=f"{_command}, as the first command of a connection",
    )(_before(_command, _taken))


def _behind(command: str, words: tuple[str, ...]) -> Callable[[Audit], Awaitable[Judgement]]:
    async def judge(audit: Audit) -> Judgement:
        """Passes with -ERR, if the session goes on.

        Non-strict with a close; fails with +OK, a challenge, or without an answer.  UTF8 is
        non-strict with +OK.
        """
        line = command.format(invented=audit.invented)
        taken = "sizes may no longer be right" if command == "UTF8" else ""
        _, reply, behind = await odd_and_noop(audit, line)
        judgement = refused(reply, line, taken=taken, also=words)
        if reply.ok:
            await audit.logins.close_shared(polite=False)  # nobody knows what it is now
        elif reply.err and not behind.ok:
            return failed(f"expected +OK to the NOOP behind {line}, got {behind}")
        return judgement

    return judge


for _id, _command, _reference, _harm, _words in _BEHIND:
    check(
        _id,
        Level.MUST,
        _reference,
        needs=(Need.LOGIN,),
        title=f"{_command.split()[0]} after the login is refused",
        harm=_harm,
        done=f"{_command.format(invented='NAME')}, then NOOP, in the common session",
    )(_behind(_command, _words))


@check("state/9", Level.MUST, "RFC 1939, sections 3 and 7")
async def between_user_and_pass(audit: Audit) -> Judgement:
    """STAT between USER and PASS is refused.

    A server that serves half-way lets anybody in who knows a name.

    Done: USER with an invented name, STAT.  Passes with -ERR.
    """
    return await refused_before_login(audit, "STAT", before=f"USER {audit.invented}")


@check("state/17", Level.MUST, "RFC 1939, section 3", needs=(Need.LOGIN,))
async def unknown_after_login(audit: Audit) -> Judgement:
    """An unknown command after the login gets -ERR.

    Clients find out what there is by trying.

    Done: XYZZY, then NOOP.  Passes with -ERR and +OK.
    """
    return await refused_in_session(audit, "XYZZY")


@check("state/18", Level.MUST, "RFC 1939, section 3", needs=(Need.LOGIN,))
async def empty_line(audit: Audit) -> Judgement:
    """An empty line gets -ERR.

    A proxy or client that counts answers is out of step with a server that counts otherwise.

    Done: CRLF alone, then STAT.  Passes with -ERR and +OK; non-strict if only STAT is answered.
    """
    talk = (await audit.logins.shared()).talk
    talk.set_aside()
    await talk.send(b"\r\nSTAT\r\n")
    first = await talk.reply()
    if first.closed:
        talk = (await audit.logins.reopened()).talk
        await talk.send(b"\r\nSTAT\r\n")
        first = await talk.reply()
    if first.ok and first.text.split()[:1] and first.text.split()[0].isdigit():
        if await talk.silence():
            return failed("expected -ERR to an empty line before the answer to STAT")
        return non_strict("expected -ERR to an empty line, it was passed over")
    if not first.err:
        return failed(f"expected -ERR to an empty line, got {first}")
    second = await talk.reply()
    return passed() if second.ok else failed(f"expected +OK to the STAT behind, got {second}")


@check("state/19", Level.PRACTICE, "RFC 1939, section 3", connections=1)
async def how_many_errors(audit: Audit) -> Judgement:
    """A server that has had enough of refused commands closes, and goes on answering until then.

    A client that is cut off without a word takes it for a broken network.

    Done: XYZZY before the login until the server closes, 12 times at most.  Fails if it stops
    answering and does not close.
    """
    async with audit.connected() as talk:
        for number in range(1, _MOST + 1):
            reply = await talk.ask("XYZZY")
            if reply.closed:
                return info(f"the server closes at refused command {number}", borne=number - 1)
            if reply.kind is ReplyKind.SILENT:
                return failed(f"expected -ERR or a close at command {number}, got {reply}")
    return info(f"the server bears {_MOST} refused commands and more", borne=_MOST)


@check("state/20", Level.MUST, "RFC 1939, section 3", needs=(Need.LOGIN,))
async def one_answer_each(audit: Audit) -> Judgement:
    """One command gets one answer.

    A client that is one answer behind deletes what it has not got.

    Done: nothing of its own; read off from all connections so far, but those whose checks judge it
    themselves.  Fails if octets came that no command had asked for.
    """
    shared = await audit.logins.shared()
    shared.talk.set_aside()
    if told := audit.unasked:
        first = told[0]
        audit.transcript.add(first.lines)
        note = f"expected nothing unasked, in {first.id} came {first.said}"
        return failed(note, times=len(told))
    return passed()
