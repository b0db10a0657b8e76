"""What CAPA lists before the login."""

import re
from typing import Final

from pop3spy.check.audit import Audit, MissingError, SkipError
from pop3spy.check.discovery import SeenCapabilities, all_capabilities, capabilities_of, stls_of
from pop3spy.check.doors import Door
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
from pop3spy.check.reply import quoted
from pop3spy.protocol.commands import line_of

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
