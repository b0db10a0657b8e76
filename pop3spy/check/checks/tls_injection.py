"""What stands around STLS in clear text must not get into TLS, and the other way round."""

from typing import Final

from pop3spy.check.audit import LOOKING, Audit, SkipError
from pop3spy.check.conversation import lines_of
from pop3spy.check.doors import Door
from pop3spy.check.needs import Need
from pop3spy.check.registry import Judgement, Level, check, failed, non_strict, passed
from pop3spy.check.reply import ReplyKind, kind_of, quoted

_STLS: Final = "RFC 2595, section 4"
_REPLY_IN: Final = 10.0
_SPLITS: Final = ((b"C", b"APA\r\n"), (b"CA", b"PA\r\n"), (b"CAP", b"A\r\n"), (b"CAPA\r", b"\n"))


@check("tls/4", Level.MUST, _STLS, needs=(Need.STLS,))
async def no_second_greeting(audit: Audit) -> Judgement:
    """There is no second greeting inside TLS after STLS.

    A client takes it for the answer to its next command, and is one answer behind from then on.

    Done: STLS, handshake, 2 s of silence.  Fails if octets come.
    """
    async with audit.connected(Door.STLS) as talk:
        talk.judged_alone = True
        if said := await talk.silence(2.0):
            return failed(f"expected silence inside TLS, got {quoted(said)}")
    return passed()


@check(
    "tls/5",
    Level.MUST,
    f"{_STLS}; CVE-2011-0411",
    needs=(Need.GRANT,),
    connections=2,
)
async def not_obeyed_inside(audit: Audit) -> Judgement:
    """A command behind STLS in clear text is not obeyed inside TLS.

    Somebody in between can put commands in front of the victim's own.

    Done: STLS and CAPA in one write, handshake, 3 s of silence; again with two NOOPs.  Passes if
    nothing comes inside TLS, or there is none; non-strict if it is answered in clear before the
    handshake; fails if an answer comes inside.
    """
    judgement = passed()
    for behind in (b"CAPA\r\n", b"NOOP\r\nNOOP\r\n"):
        async with audit.connected(Door.CLEAR) as talk:
            talk.judged_alone = True
            await talk.send(b"STLS\r\n" + behind)
            granted = await talk.reply()
            if not granted.ok:
                continue
            if clear := await talk.silence(0.5):
                judgement = non_strict(f"expected TLS behind STLS, got {quoted(clear)} in clear")
                continue
            tried = await talk.secure(LOOKING, audit.target.host)
            if tried.ok and (said := await talk.silence(3.0)):
                return failed(f"expected silence inside TLS, got {quoted(said)}")
    return judgement


@check(
    "tls/6",
    Level.MUST,
    f"{_STLS}; CVE-2021-38084",
    needs=(Need.GRANT,),
    connections=len(_SPLITS),
)
async def halves_are_not_joined(audit: Audit) -> Judgement:
    """A command that is cut in two by STLS is not joined.

    It is the same hole as tls/5: what was buffered in clear text outlives the handshake.

    Done: STLS and a part of CAPA in one write, handshake, the rest inside TLS; for each way to cut
    it.  Passes with a close or -ERR; fails with the listing.
    """
    for first, rest in _SPLITS:
        async with audit.connected(Door.CLEAR) as talk:
            talk.judged_alone = True
            await talk.send(b"STLS\r\n" + first)
            granted = await talk.reply()
            if not granted.ok:
                continue
            tried = await talk.secure(LOOKING, audit.target.host)
            if not tried.ok:
                continue
            await talk.send(rest)
            reply = await talk.reply(audit.timing.of(_REPLY_IN) if rest != b"\n" else 1.0)
            if reply.ok:
                return failed(
                    f"expected -ERR to {quoted(rest)} inside TLS, got {reply}:"
                    f" {quoted(first)} before it was kept"
                )
    return passed()


@check("tls/7", Level.MUST, _STLS, needs=(Need.GRANT,))
async def nothing_behind_grant(audit: Audit) -> Judgement:
    """Nothing follows the +OK to STLS in clear text.

    A client that keeps its buffer takes it for the first answer inside TLS.

    Done: STLS, then 1 s of silence before the handshake.  Fails if octets come.
    """
    async with audit.connected(Door.CLEAR) as talk:
        talk.judged_alone = True
        await talk.send(b"STLS\r\n")
        granted = await talk.reply()
        said = await talk.silence(1.0)
    if granted.ok and said:
        return failed(f"expected nothing behind {granted}, got {quoted(said)}")
    return passed()


@check("tls/8", Level.MUST, _STLS, needs=(Need.GRANT,))
async def no_clear_text_behind(audit: Audit) -> Judgement:
    """Clear text is not served behind the +OK to STLS.

    The client believes that what it says is safe from there on.

    Done: STLS, then CAPA in clear in place of a handshake, and up to 10 s.  Passes with a close, an
    alert or silence; non-strict with another line in clear; fails with +OK.
    """
    async with audit.connected(Door.CLEAR) as talk:
        talk.judged_alone = True
        granted = await talk.ask("STLS")
        if not granted.ok:
            return passed(f"STLS was refused: {granted}")
        await talk.send(b"CAPA\r\n")
        end = await talk.rest(audit.timing.of(_REPLY_IN))
    lines = lines_of(end.said)
    if any(kind_of(line) is ReplyKind.OK for line in lines):
        return failed(f"expected no service in clear behind STLS, got {quoted(lines[0])}")
    if any(kind_of(line) is ReplyKind.ERR for line in lines):
        return non_strict(f"expected a close or an alert, got {quoted(lines[0])} in clear")
    return passed()


@check(
    "tls/9",
    Level.PRACTICE,
    "RFC 1939, section 7; RFC 2595, section 4",
    needs=(Need.STLS, Need.LOGIN),
    logins=1,
)
async def user_is_forgotten(audit: Audit) -> Judgement:
    """A USER from before STLS is forgotten.

    What a stranger may have said before TLS must not count inside it.

    Done: USER in clear, STLS, handshake, PASS with the right password.  The name alone goes in
    clear, so it needs --clear-login or this machine.  Passes with -ERR; non-strict with +OK.
    """
    options, logins = audit.options, audit.logins
    if not (audit.is_local or options.clear_login):
        raise SkipError("the name of the user would go in clear text; --clear-login allows it")
    await logins.door()
    async with audit.connected(Door.CLEAR) as talk:
        named = await talk.ask(f"USER {options.user}")
        granted = await talk.ask("STLS")
        if not (named.ok and granted.ok):
            return passed(f"refused between USER and PASS: {granted}")
        tried = await talk.secure(options.trust, audit.target.host)
        if not tried.ok:
            raise SkipError(
                f"the password would go to a server that is not believed: {tried.error}"
            )
        await logins.turn()
        reply = await talk.ask(b"PASS " + options.password, audit.timing.login)
        if reply.ok:
            await talk.ask("QUIT")
            return non_strict(f"expected -ERR to PASS, since USER came before TLS, got {reply}")
    return passed()
