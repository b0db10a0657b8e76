"""One line on a reply that not everybody knows."""

import pytest

from connect.by_hand import LOGIN, to_office, to_responder
from net.responders import Scripted, body
from pop3spy.console.explain import CODES
from pop3spy.session.responder import Answer, Verbatim

OK = Answer(b"+OK")


async def hints(replies: dict[str, Answer], *lines: str) -> list[str]:
    shown = await to_responder(lambda: Scripted(replies), *lines)
    return [row.removeprefix(" ? ") for row in shown.rows if row.startswith(" ? ")]


@pytest.mark.parametrize("code", CODES)
async def test_each_response_code_of_the_standards_is_explained(code: str) -> None:
    refused = Answer(f"-ERR [{code.lower()}] whatever".encode())
    assert await hints({"NOOP": refused}, "NOOP") == [CODES[code]]


REFUSALS = [
    pytest.param([*LOGIN, "RETR"], "something is missing: RETR message (RFC 1939, section 5)", id="no number"),
    pytest.param([*LOGIN, "RETR x"], "a message number is digits, from 1 up (RFC 1939, section 4)", id="no digits"),
    pytest.param([*LOGIN, "STAT", "RETR 99"], "there is no message 99; LIST tells the numbers", id="no such message"),
    pytest.param([*LOGIN, "DELE 2", "RETR 2"], "message 2 is marked as deleted; RSET takes all marks back", id="marked"),
    pytest.param(["STAT"], "STAT belongs in TRANSACTION: log in first, :login does it (RFC 1939, section 5)", id="before login"),
    pytest.param([*LOGIN, "STLS"], "STLS belongs in AUTHORIZATION, and this is TRANSACTION (RFC 2595, section 4)", id="after login"),
    pytest.param(["PASS x"], "PASS comes right behind a USER that was taken (RFC 1939, section 7)", id="PASS alone"),
    pytest.param(["USER bob", "AUTH PLAIN"], "AUTH cannot come between USER and PASS (RFC 5034, section 4)", id="between"),
    pytest.param([*LOGIN, "SATT"], "did you mean STAT?", id="a slip"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "told"), REFUSALS)
async def test_a_refusal_is_explained(lines: list[str], told: str) -> None:
    shown = await to_office(*lines)
    assert f" ? {told}" in shown.rows


async def test_a_code_that_nobody_knows_is_told_as_such() -> None:
    told = await hints({"NOOP": Answer(b"-ERR [X-ODD] no")}, "NOOP")
    assert told == ["a response code that no standard has; only who runs the server knows it"]
    told = await hints({"NOOP": Answer(b"-ERR [SYS/ODD] no")}, "NOOP")
    assert told == [CODES["SYS/TEMP"]], "an unknown part of a known code is passed over"


async def test_a_refused_login_without_a_reason_is_explained_with_tls_in_mind() -> None:
    replies = {"CAPA": body([b"STLS\r\n"]), "USER": Answer(b"-ERR no")}
    told = await hints(replies, "CAPA", "USER bob")
    assert told[0].endswith("perhaps it wants TLS first, :stls")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("AUTH XOAUTH2", "it may have no such mechanism here"),
        ("AUTH XOAUTH2 eA==", "it may have no such mechanism, or name or password are wrong"),
    ],
)
async def test_a_server_that_was_told_no_password_says_nothing_of_one(line: str, told: str) -> None:
    hinted = await hints({"AUTH": Answer(b"-ERR no")}, line)
    assert hinted == [f"the server does not say why: {told}"]


async def test_a_reply_that_breaks_off_is_told() -> None:
    broken = Verbatim(b"+OK", pieces=[b"+OK\r\n1 10\r\n"], close=True)
    assert "the reply broke off: its end, a lone dot, never came" in await hints(
        {"LIST": broken}, "LIST"
    )


async def test_quit_tells_what_was_removed() -> None:
    shown = await to_office(*LOGIN, "DELE 1", "QUIT")
    assert " ? 1 marked message removed now" in shown.rows


async def test_what_needs_no_explanation_has_none() -> None:
    shown = await to_office(*LOGIN, "STAT", "LIST 1", "NOOP", "RSET", "CAPA", "QUIT")
    assert not [row for row in shown.rows if row.startswith(" ? ")]


@pytest.mark.parametrize(
    ("capabilities", "told"),
    [
        ([b"SASL PLAIN XOAUTH2\r\n"], "LOGIN was never offered: CAPA has only PLAIN, XOAUTH2"),
        ([b"USER\r\n"], "LOGIN was never offered: CAPA has no SASL at all"),
        ([b"SASL LOGIN\r\n"], None),
    ],
)
@pytest.mark.parametrize("refusal", [b"-ERR", b"-ERR [AUTH] no"])
async def test_a_mechanism_that_was_never_offered_is_explained_as_that(
    capabilities: list[bytes], told: str | None, refusal: bytes
) -> None:
    hinted = await hints(
        {"CAPA": body(capabilities), "AUTH": Answer(refusal)}, "CAPA", "AUTH LOGIN"
    )
    never = [hint for hint in hinted if "never offered" in hint]
    assert never == ([f"{told} (RFC 5034, section 3)"] if told else [])
