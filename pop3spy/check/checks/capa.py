"""What CAPA lists before the login."""

import re
from typing import Final

from pop3spy.check.audit import Audit, MissingError, SkipError
from pop3spy.check.discovery import SeenCapabilities, all_capabilities, capabilities_of, stls_of
from pop3spy.check.doors import Door
from pop3spy.check.needs import Need
from pop3spy.check.registry import (
    Judgement,
    Level,
    check,
    failed,
    info,
    missing,
    non_strict,
    passed,
)
from pop3spy.check.reply import Reply, quoted
from pop3spy.protocol.commands import line_of
from pop3spy.protocol.replies import code_of

_TAG: Final = re.compile(rb"[!-\-/-\x7f]+")
_LONGEST: Final = 512
_DIGITS: Final = r"[0-9]+"
_FORMS: Final = {
    "TOP": "",
    "USER": "",
    "RESP-CODES": "",
    "PIPELINING": "",
    "UIDL": "",
    "STLS": "",
    "AUTH-RESP-CODE": "",
    "LANG": "",
    "LOGIN-DELAY": rf"{_DIGITS}( USER)?",
    "EXPIRE": rf"({_DIGITS}|NEVER)( USER)?",
    "UTF8": r"(USER)?",
    "SASL": r"[A-Z0-9_-]{1,20}( [A-Z0-9_-]{1,20})*",
    "IMPLEMENTATION": r".+",
}
"""What stands behind each registered tag, with a blank between words."""


async def listed_before_login(audit: Audit) -> SeenCapabilities:
    """Return what CAPA lists at the front door; raise MissingError if it is not there."""
    seen = await capabilities_of(audit, audit.front)
    if seen.lines is None:
        raise MissingError(f"there is no CAPA: {seen.reply}")
    return seen


async def all_lists(audit: Audit) -> dict[str, list[bytes]]:
    """Return every list that can be had: of each door, and after the login."""
    lists = {
        f"before the login ({door.value})": list(seen.lines)
        for door, seen in (await all_capabilities(audit)).items()
        if seen.lines is not None
    }
    if audit.options.user and not audit.logins.refused:
        try:
            reply, lines = await (await audit.logins.shared()).listing("CAPA")
        except SkipError:
            return lists
        if reply.ok:
            lists["after the login"] = lines
    return lists


@check("capa/1", Level.SHOULD, "RFC 2449, section 5; RFC 2595, section 4")
async def capa_is_there(audit: Audit) -> Judgement:
    """CAPA is answered before the login.

    Without it a client has to try each feature, and many try none.

    Done: CAPA on each door.  Fails with +OK and no listing, or with -ERR although STLS or AUTH
    works, which both need CAPA.
    """
    seen = await capabilities_of(audit, audit.front)
    if seen.lines is not None:
        return passed()
    if seen.reply.ok:
        return failed("expected a listing behind the +OK to CAPA, got no lone dot")
    if not seen.reply.err:
        return failed(f"expected a listing, got {seen.reply}")
    if audit.target.is_open(Door.CLEAR) and (await stls_of(audit)).reply.ok:
        return failed(f"expected CAPA, since STLS works, got {seen.reply}")
    async with audit.connected() as talk:
        listed, mechanisms = await talk.listing("AUTH")
    if listed.ok and mechanisms:
        return failed(f"expected CAPA, since AUTH works, got {seen.reply}")
    return missing(f"there is no CAPA: {seen.reply}")


@check("capa/2", Level.MUST, "RFC 2449, sections 3 and 5")
async def well_formed(audit: Audit) -> Judgement:
    """Each line of CAPA is a tag and words, with one blank between them.

    Clients split at one blank and keep a table by tag; what does not fit is lost.

    Done: all lists, before and after the login.  Non-strict: more blanks, lower case, a tag twice
    with the same words.  Fails: an empty line, control or 8-bit octets, a dot in the tag, more than
    512 octets, no CRLF, a tag twice with other words.
    """
    await listed_before_login(audit)
    lax = ""
    for where, lines in (await all_lists(audit)).items():
        seen: dict[bytes, bytes] = {}
        for line in lines:
            wrong, odd = _fault_of(line)
            tag, _, words = line_of(line).partition(b" ")
            if seen.setdefault(tag.upper(), words) != words:
                wrong = "once only, or with the same words"
            elif list(map(_tag_of, lines)).count(tag.upper()) > 1:
                odd = "once only"
            if wrong:
                return failed(f"expected a tag {wrong}, got {quoted(line_of(line))} {where}")
            lax = lax or (odd and f"expected a tag {odd}, got {quoted(line_of(line))} {where}")
    return non_strict(lax) if lax else passed()


def _tag_of(line: bytes) -> bytes:
    return line_of(line).partition(b" ")[0].upper()


def _fault_of(line: bytes) -> tuple[str, str]:
    """Return what a line breaks, and with what it is only lax."""
    text = line_of(line)
    tag = text.split(b" ")[0]
    if not line.endswith(b"\r\n"):
        return "with CRLF at its end", ""
    if len(line) > _LONGEST:
        return "in 512 octets", ""
    if not _TAG.fullmatch(tag) or any(not 0x20 <= octet < 0x7F for octet in text):
        return "of printable ASCII without a dot", ""
    if b"  " in text or text.endswith(b" "):
        return "", "with one blank between words"
    return "", "" if tag == tag.upper() else "in upper case"


@check(
    "capa/3",
    Level.MUST,
    "RFC 2449, section 6; RFC 5034, section 3; RFC 3206, section 6; RFC 6856, sections 2 and 3",
)
async def parameters(audit: Audit) -> Judgement:
    """Known capabilities have the right parameters.

    A client that misreads EXPIRE or LOGIN-DELAY deletes or asks too often.

    Done: all lists against the registered tags.  Non-strict: mechanisms in lower case, a word
    behind a tag that has none.  Fails: a value of another form, or a tag that is glued to its value
    as in EXPIRENEVER.
    """
    await listed_before_login(audit)
    lax = ""
    for where, lines in (await all_lists(audit)).items():
        for line in lines:
            text = line_of(line).decode("latin-1")
            tag, _, words = text.strip().partition(" ")
            words = " ".join(words.split())
            got = f"got {quoted(line_of(line))} {where}"
            form = _FORMS.get(tag.upper())
            if form is None:
                if glued := _glued(tag.upper()):
                    return failed(f"expected a blank behind {glued}, {got}")
                continue
            if re.fullmatch(form, words):
                continue
            if form == "" or re.fullmatch(form, words.upper()):
                lax = lax or f"expected no such words behind {tag}, {got}"
            else:
                return failed(f"expected another value of {tag}, {got}")
    return non_strict(lax) if lax else passed()


def _glued(tag: str) -> str:
    for known in ("EXPIRE", "LOGIN-DELAY", "SASL"):
        value = tag.removeprefix(known)
        if value != tag and re.fullmatch(_FORMS[known], value):
            return known
    return ""


@check("capa/4", Level.MUST, "RFC 1939, section 3")
async def without_case(audit: Audit) -> Judgement:
    """Keywords are matched without case.

    People at Telnet and some libraries send lower case.

    Done: capa and CaPa before the login; quit where there is no CAPA.  Fails with -ERR.
    """
    seen = await capabilities_of(audit, audit.front)
    for command in ("capa", "CaPa") if seen.lines is not None else ("quit",):
        async with audit.connected() as talk:
            reply = await talk.ask(command)
            if not reply.ok:
                return failed(f"expected the answer to {command.upper()}, got {reply}")
            if command != "quit" and await talk.body(audit.timing.of(5.0)) is None:
                return failed(f"expected a listing to {command}, got no lone dot")
    return passed()


@check("capa/5", Level.SHOULD, "RFC 2449, section 5", connections=2)
async def the_same_twice(audit: Audit) -> Judgement:
    """CAPA says the same twice.

    In a farm of unlike servers errors come and go, and nobody can repeat them.

    Done: CAPA twice on one connection, once on another.  Non-strict in another order; fails with
    another set.
    """
    await listed_before_login(audit)
    lists = []
    async with audit.connected() as talk:
        lists += [(await talk.listing("CAPA"))[1] for _ in range(2)]
    async with audit.connected() as talk:
        lists.append((await talk.listing("CAPA"))[1])
    first = lists[0] or []
    for other in lists[1:]:
        if sorted(other or []) != sorted(first):
            odd = sorted(set(other or []) ^ set(first))
            return failed(f"expected the same list, got {quoted(b' '.join(map(line_of, odd)))}")
        if other != first:
            return non_strict("expected the same list, got it in another order")
    return passed()


@check("capa/10", Level.PRACTICE, "RFC 2449, section 6.9")
async def implementation(audit: Audit) -> Judgement:
    """IMPLEMENTATION is shown only after the login, or not at all.

    As greeting/4: guides for hardening ask for it.

    Done: look for it before the login.
    """
    words = (await listed_before_login(audit)).tags.get("IMPLEMENTATION")
    if words is None:
        return passed()
    return info(f"shown before the login: {quoted(' '.join(words).encode('utf-8', 'replace'))}")


@check("capa/11", Level.PRACTICE, "RFC 2449, section 5")
async def with_argument(audit: Audit) -> Judgement:
    """CAPA with an argument is refused, or answered as without.

    An answer of another shape leaves a client waiting for a dot.

    Done: CAPA x.  Passes with -ERR; non-strict with the same listing, or a close; fails with
    another listing, without one, or without an answer.
    """
    plain = (await listed_before_login(audit)).lines or ()
    async with audit.connected() as talk:
        reply, lines = await talk.listing("CAPA x")
    if reply.err:
        return passed()
    if reply.closed:
        return non_strict(f"expected -ERR to CAPA x, got {reply}")
    if not reply.ok:
        return failed(f"expected -ERR to CAPA x, got {reply}")
    if lines is None:
        return failed("expected -ERR to CAPA x, got +OK and no listing")
    if sorted(lines) != sorted(plain):
        return failed(
            f"expected -ERR or the same list, got {len(lines)} lines in place of {len(plain)}"
        )
    return non_strict("expected -ERR to CAPA x, got the list as without")


@check("capa/12", Level.PRACTICE, "RFC 1939, section 7; RFC 2449, section 5")
async def between_user_and_pass(audit: Audit) -> Judgement:
    """CAPA between USER and PASS is answered.

    A list that is shorter there must not be taken for STLS being stripped; no answer at all breaks
    the login.

    Done: USER with an invented name, CAPA.  Fails without an answer, or with a close.
    """
    await listed_before_login(audit)
    async with audit.connected() as talk:
        await talk.ask(f"USER {audit.invented}")
        reply, lines = await talk.listing("CAPA")
        if reply.err or (reply.ok and lines is not None):
            return passed()
        return failed(f"expected a listing or -ERR, got {reply}")


@check(
    "capa/13",
    Level.SHOULD,
    "RFC 2449, sections 6.5 and 8.1.1",
    needs=(Need.LOGIN, Need.LOGIN_DELAY),
    logins=2,
    connections=2,
)
async def delay_is_enforced(audit: Audit) -> Judgement:
    """LOGIN-DELAY is enforced, with its code.

    A client that is refused with another code takes the password for wrong, and throws it away.

    Done: log in, QUIT, log in again at once.  Passes with [LOGIN-DELAY]; non-strict with +OK or
    -ERR without a code; fails with [AUTH].
    """
    logins = audit.logins
    if not logins.delay:
        raise MissingError("there is no LOGIN-DELAY")
    async with logins.session() as talk:
        await talk.ask("QUIT")
    kept, logins.delay = logins.delay, 0
    try:
        async with logins.through() as talk:
            reply: Reply = await logins.log_in(talk)
            if reply.ok:
                await talk.ask("QUIT")
    finally:
        logins.delay = kept
    code = code_of(reply.text)
    if code == "LOGIN-DELAY":
        return passed()
    if code == "AUTH":
        return failed(f"expected -ERR [LOGIN-DELAY], got {reply}")
    return non_strict(f"expected -ERR [LOGIN-DELAY], got {reply}")
