"""No secret leaves: however it was sent, however the server repeats it, wherever one looks."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuts import every_cut, recut
from dialogue import byte_by_byte
from findings.doors import Gathered
from pop3spy.capture.header import Header
from pop3spy.capture.reader import CaptureReader
from pop3spy.protocol.commands import line_of
from pop3spy.protocol.frames import Side
from pop3spy.session.how import How
from pop3spy.session.playback import play_back
from security.disguises import disguises
from security.sinks import Sinks, heard, talk
from security.ways import OF_WORDS, SECRETS, WAYS, WORD_WAYS, Way, b64


@pytest.mark.parametrize(
    ("first", "way"),
    [
        pytest.param(number, *param.values, id=param.id)
        for number, param in enumerate(WAYS + WORD_WAYS)
    ],
)
def test_a_secret_is_nowhere_however_it_is_sent(first: int, way: Way) -> None:
    """Each way and each secret meets both statuses."""
    sinks = Sinks()
    for number, secret in enumerate(SECRETS.values(), first):
        status = (b"-ERR ", b"+OK ")[number % 2]
        if way in OF_WORDS and secret.translate(None, b' \t\r\v"') != secret:
            continue  # this cannot be said there
        again = [b"S: +OK unasked " + secret, b"S: unasked " + secret, b"C: LIST 1"]
        again += [b"S: -ERR [" + secret + b"] no", b"C: AUTH CRAM-MD5", b"S: + " + secret]
        again += [b"C: *", b"S: -ERR", b"C: USER " + secret, b"S: +OK", b"C: PASS x"]
        again += [b"S: +OK " + secret.upper(), b"S: bye " + secret]
        sinks.heard(*way(secret), b"S: " + status + secret, *again)
    assert sinks.holding(*SECRETS.values()) == []


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_a_secret_is_nowhere_however_it_is_repeated(secret: bytes) -> None:
    """Each disguise meets both statuses, in one secret or the next."""
    sinks, first = Sinks(), [*SECRETS.values()].index(secret) % 2
    for number, disguise in enumerate(disguises(secret).values(), first):
        status = (b"-ERR ", b"+OK ")[number % 2]
        lines = [b"C: PASS " + secret, b"S: " + status + disguise]
        lines += [b"S: +OK unasked " + disguise, b"S: unasked " + disguise]
        lines += [b"C: STAT", b"S: -ERR [SYS/TEMP] " + disguise]
        lines += [b"C: LIST 1", b"S: -ERR [" + disguise + b"] no"]
        lines += [b"C: AUTH LOGIN", b"S: + " + b64(b"no " + disguise), b"C: *", b"S: -ERR"]
        lines += [b"C: AUTH CRAM-MD5", b"S: + " + disguise, b"C: *", b"S: -ERR " + disguise]
        sinks.heard(*lines, b"C: USER " + disguise, b"S: +OK", b"S: bye " + disguise)
    assert sinks.holding(secret) == []


@pytest.mark.parametrize("octet", [b"\x80", b"\xe9", "ü".encode(), b"\0"], ids=repr)
def test_a_secret_is_nowhere_in_a_body_of_any_octets(octet: bytes) -> None:
    secret = b"Zq7#vKx2!Wm"
    among = octet * 700
    reply = [b"S: +OK", b"S: " + among, b"S: " + among + secret + among, b"S: ."]
    sinks = heard(b"C: XLOGIN " + secret, *reply)
    assert sinks.holding(secret) == []
    assert ('"base64": ' in sinks.texts()["capture"]) == (octet == b"\x80")


@pytest.mark.parametrize("way", WAYS + WORD_WAYS)
def test_a_secret_is_nowhere_when_it_comes_byte_by_byte(way: Way) -> None:
    secret = b"Zq7#vKx2!Wm"
    lines = talk(b"S: +OK", *way(secret), b"S: -ERR wrong: " + secret)
    assert Sinks().play(byte_by_byte(lines)).end().holding(secret) == []


@given(way=st.sampled_from([param.values[0] for param in WAYS + WORD_WAYS]), data=st.data())
def test_a_secret_is_nowhere_however_it_is_cut(way: Way, data: st.DataObject) -> None:
    secret = b"Zq7#vKx2!Wm"
    lines = talk(b"S: +OK", *way(secret), b"S: -ERR wrong: " + secret)
    assert Sinks().play(data.draw(recut(lines))).end().holding(secret) == []


@pytest.mark.parametrize("line", [b"PASS %b\r\n", b"pass\t%b\n", b"PAS %b\r\n", b"%b\r\n"])
def test_a_secret_is_nowhere_when_its_line_is_cut_at_every_octet(line: bytes) -> None:
    secret = b"Zq7#vK x2!Wm"
    for chunks in every_cut(line.replace(b"%b", secret)):
        sinks = Sinks().play(talk(b"S: +OK", b"C: USER carol", b"S: +OK"))
        sinks.play((Side.CLIENT, chunk) for chunk in chunks)
        sinks.play(talk(b"S: -ERR wrong: " + secret)).end()
        assert sinks.holding(secret) == []


@pytest.mark.parametrize("line", [b"PASS %b", b"AUTH PLAIN %b", b"%b", b"APOP carol %b"])
@pytest.mark.parametrize("how", [How.CLIENT_RESET, How.TIMEOUT])
def test_a_line_without_an_end_shows_no_secret(line: bytes, how: How) -> None:
    secret = b"Zq7#vKx2!Wm"
    for size in range(1, len(secret) + 1):
        begun = line.replace(b"%b", secret[:size])
        sinks = Sinks().play(talk(b"S: +OK", b"C< " + begun)).end(how)
        assert b"".join(sinks.shown(Side.CLIENT)) == b""
        assert sinks.holding(secret[:size]) == []


PROMPTS = {
    "the password first": (b"Password:", b"Username:", "carol"),
    "the name first": (b"User Name", b"Password", "carol"),
    "in other words": (b"login", b"Kennwort?", "carol"),
    "nothing, twice": (b"", b"", "carol"),
    "something unknown, then the password": (b"who", b"Password:", None),
    "the name, then something unknown": (b"Username:", b"what", "carol"),
    "something unknown twice": (b"1", b"2", None),
    "the name twice": (b"Username:", b"Username:", "carol"),
}


@pytest.mark.parametrize("prompts", PROMPTS)
def test_what_login_asks_for_decides_what_is_a_name(prompts: str) -> None:
    secret = b"Zq7#vKx2!Wm"
    *asked, user = PROMPTS[prompts]
    first, second = (secret if b"assword" in ask or b"Kenn" in ask else b"carol" for ask in asked)
    if first == second:  # by their places
        second = secret
    lines = [b"C: AUTH LOGIN"]
    for ask, said in zip(asked, (first, second), strict=True):
        lines += [b"S: + " + b64(ask), b"C: " + b64(said)]
    sinks = heard(*lines, b"S: +OK welcome " + secret)
    assert sinks.holding(secret) == []
    assert sinks.reading.session.user == user


def test_a_password_where_the_name_was_said_already_and_is_asked_for_is_hidden() -> None:
    """Some servers overlook what stands behind AUTH LOGIN, and ask for the name."""
    secret = b"Zq7#vKx2!Wm"
    said = [b"C: AUTH LOGIN " + b64(b"carol"), b"S: + " + b64(b"Username:"), b"C: " + b64(secret)]
    sinks = heard(*said, b"S: +OK welcome " + secret)
    assert sinks.holding(secret) == []
    assert sinks.reading.session.user == "carol"


AHEAD = {
    "an argument of AUTH": [b"C< NOOP\r\nAUTH PLAIN %64\r\n"],
    "an argument of AUTH behind one that is refused": [b"C< AUTH X\r\nAUTH PLAIN %64\r\n"],
    "an argument of AUTH that is cut": [b"C: NOOP", b"C< AUTH PLAIN %64"],
    "answers behind a greeting": [b"C< AUTH LOGIN\r\n%64\r\n%s\r\n"],
    "a line of no verb, without its end": [b"C: APOP carol ff", b"S: +OK", b"C< %s"],
    "a PASS without its end, logged in": [b"C: APOP carol ff", b"S: +OK", b"C< PASS %s"],
    "a word behind NOOP, without its end": [b"C< NOOP\r\nPASS %s"],
}


@pytest.mark.parametrize("greeting", [b"+OK ready", b"-ERR busy"])
@pytest.mark.parametrize("ahead", AHEAD)
def test_a_secret_that_nobody_has_read_yet_is_hidden(ahead: str, greeting: bytes) -> None:
    secret = b"Zq7#vKx2!Wm"
    packed = b64(b"\0carol\0" + secret)
    said = [each.replace(b"%64", packed).replace(b"%s", secret) for each in AHEAD[ahead]]
    for echo in (secret, packed, b64(secret)):
        for first in ([b"S: " + greeting, *said], [*said, b"S: " + greeting + b" " + echo]):
            lines = talk(*first, b"S: -ERR not " + echo, b"S: +OK not " + echo, b"S: no " + echo)
            assert Sinks().play(lines).end().holding(secret, packed) == []


def test_a_secret_that_one_session_had_ahead_of_a_challenge_stays_hidden() -> None:
    secret = b"Zq7#vKx2!Wm"
    ahead = b"AUTH PLAIN\r\n" + b64(b"\0carol\0" + secret) + b"\r\n"
    sinks = heard(b"C< " + ahead, b"S: -ERR no AUTH", b"S: -ERR unknown command: " + secret)
    assert sinks.holding(secret, b64(b"\0carol\0" + secret)) == []


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([b"C< PASS Zq7#vKx2!Wm"], id="no line end yet"),
        pytest.param([b"C< AUTH PLAIN\r\n\0carol\0Zq7#vKx2!Wm\r\n"], id="ahead of a challenge"),
        pytest.param([b"C< STLS\r\nPASS Zq7#vKx2!Wm\r\n"], id="ahead of TLS"),
    ],
)
@pytest.mark.parametrize("status", [b"-ERR ", b"+OK "])
def test_a_secret_that_waits_to_be_read_is_hidden_in_what_answers_it_too_early(
    lines: list[bytes], status: bytes
) -> None:
    secret = b"Zq7#vKx2!Wm"
    for echo in (secret, secret.upper(), b64(secret)):
        assert heard(*lines, b"S: " + status + b"not " + echo).holding(secret) == []


@pytest.mark.parametrize("status", [b"+OK", b"-ERR", b"+OK ", b"-ERR "])
def test_a_status_line_stays_one_whatever_waits_to_be_read(status: bytes) -> None:
    for echo in (b"x" * 40, b"OKxxxx", b"ERRxxx", b"+OKx"):
        sinks = Sinks().play(talk(b"C< " + b"x" * 40, b"S: " + status + echo)).end()
        assert sinks.shown(Side.SERVER)[0].startswith(status)
        assert sinks.holding(b"x" * 40) == []


@pytest.mark.parametrize("body", [b"no help for %b", b"%b: unknown topic", b"\t%b\t"])
def test_what_answers_a_hidden_argument_does_not_repeat_it(body: bytes) -> None:
    secret = b"Zq7#vKx2!Wm"
    for command in (b"HELP ", b"XYZZY ", b""):
        sinks = heard(
            b"C: " + command + secret,
            b"S: +OK",
            b"S: " + body.replace(b"%b", secret),
            b"C: PASS other",
            b"S: more on " + secret,
            b"S: .",
        )
        assert sinks.holding(secret) == []


# -- short ones ---------------------------------------------------------------------------------

SHORT = [b"q", b"x9", b"Q7!", b"\xfc", "é".encode(), b"%s", b".*", b"OK", b"the"]


@pytest.mark.parametrize("status", [b"-ERR ", b"+OK ", b"-ERR [AUTH] ", b"-ERR [IN-USE] "])
@pytest.mark.parametrize("secret", SHORT)
def test_a_reply_that_repeats_a_short_secret_keeps_no_text(secret: bytes, status: bytes) -> None:
    for name, disguise in disguises(secret).items():
        if "behind" in name or ("hex" in name and len(secret) == 1):
            continue  # too little of it to be told from anything else
        for reply in (b"wrong: " + disguise, disguise):
            sinks = heard(b"C: PASS " + secret, b"S: " + status + reply)
            shown = sinks.shown(Side.SERVER)[1]
            assert shown == status.replace(b"-ERR [", b"-ERR [") + b"********\r\n", name


def test_a_response_code_may_be_a_short_secret_too() -> None:
    sinks = heard(b"C: PASS abc", b"S: -ERR [abc] no")
    assert sinks.shown(Side.SERVER)[1] == b"-ERR ********\r\n"


def test_a_reply_without_the_short_secret_keeps_its_text() -> None:
    sinks = heard(b"C: PASS q7", b"S: -ERR [AUTH] Authentication failed.")
    assert sinks.shown(Side.SERVER)[1] == b"-ERR [AUTH] Authentication failed.\r\n"


# -- weird ones ---------------------------------------------------------------------------------


def test_a_secret_that_is_the_user_s_name_stays_shown_as_that_and_no_more() -> None:
    sinks = heard(b"C: USER carol", b"S: +OK", b"C: PASS carol", b"S: -ERR not carol")
    assert sinks.shown(Side.CLIENT) == [b"USER carol\r\n", b"PASS ********\r\n"]
    assert sinks.shown(Side.SERVER)[-1] == b"-ERR not carol\r\n"


@pytest.mark.parametrize("blanks", [b" ", b"  ", b" \t"], ids=repr)
@pytest.mark.parametrize("name", [b"USER%bhunter22", b"APOP%bhunter22 c4c9334bac560ecc"], ids=repr)
def test_a_user_s_name_that_was_a_secret_before_is_none(name: bytes, blanks: bytes) -> None:
    before = b"C: PASS hunter22", b"S: -ERR"
    sinks = heard(*before, b"C: " + name % blanks, b"S: +OK", b"C: PASS x", b"S: +OK")
    assert sinks.holding(b"hunter22") == []
    assert sinks.reading.session.user is None
    text = Header(sinks.clock.started).lines() + sinks.texts()["capture"]
    again = Gathered()
    play_back(CaptureReader(io.StringIO(text), "capture"), again)
    assert [session.user for session in again.over] == [None]


def test_one_name_and_password_in_a_message_are_hidden() -> None:
    plain = b64(b"\0hunter22\0hunter22")
    sinks = heard(b"C: AUTH PLAIN " + plain, b"S: +OK hunter22 is in")
    assert sinks.holding(b"hunter22") == []


@pytest.mark.parametrize("secret", [b"********", "████████".encode(), b"*" * 30])
def test_a_secret_that_looks_like_what_hides_it_is_hidden_all_the_same(secret: bytes) -> None:
    sinks = heard(b"C: PASS " + secret, b"S: -ERR no, " + secret + b" is wrong")
    assert sinks.shown(Side.CLIENT) == [b"PASS ********\r\n"]
    assert sinks.shown(Side.SERVER)[1] == b"-ERR no, ******** is wrong\r\n"
    assert [frame.masks for frame in sinks.frames[1:]] == [((5, 13),), ((9, 17),)]
    assert "-ERR no, ████████ is wrong" in sinks.texts()["transcript"]


@pytest.mark.parametrize(
    ("sent", "repeated"),
    [
        pytest.param("pässwörd".encode(), "pässwörd".encode("latin-1"), id="Latin-1 for UTF-8"),
        pytest.param("pässwörd".encode("latin-1"), "pässwörd".encode(), id="UTF-8 for Latin-1"),
        pytest.param("пароль".encode(), "ПАРОЛЬ".encode(), id="capitals"),
        pytest.param("ПАРОЛЬ".encode(), "пароль".encode(), id="small letters"),
        pytest.param("é€".encode(), b64("é€".encode()), id="base64"),
    ],
)
def test_a_secret_is_found_in_another_charset_and_in_any_case(sent: bytes, repeated: bytes) -> None:
    sinks = heard(b"C: PASS " + sent, b"S: -ERR wrong: " + repeated + b"!")
    assert sinks.shown(Side.SERVER)[1] == b"-ERR wrong: ********!\r\n"


def test_a_character_that_json_has_in_two_halves_is_found() -> None:
    said = "hunt😀r7".encode()
    sinks = heard(b"C: PASS " + said, rb'S: -ERR {"wrong": "hunt\uD83D\uDE00r7"}')
    assert sinks.shown(Side.SERVER)[1] == b'-ERR {"wrong": "********"}\r\n'


def test_both_of_two_encodings_of_a_secret_are_known() -> None:
    one, other = "größer7".encode(), "größer7".encode("latin-1")
    sinks = heard(
        b"C: PASS " + one, b"S: -ERR", b"C: PASS " + other, b"S: -ERR " + one + b" " + other
    )
    assert sinks.holding(one, other) == []


@pytest.mark.parametrize("line", [b"C: PASS hunt%03der", b"C: hunt%03der", b"C: AUTH hunt%03der"])
def test_after_more_secrets_than_can_be_remembered_the_server_s_texts_go(line: bytes) -> None:
    secrets = [b"hunt%03der" % number for number in range(70)]
    lines = []
    for number in range(70):
        lines += [line % number, b"S: -ERR [AUTH] not hunt%03der" % number]
    lines += [b"C: NOOP", b"S: +OK was hunt069er", b"S: hunt068er", b"C: STAT", b"S: -ERR"]
    lines += [b"C: HELP q", b"S: +OK", b"S: hunt067er", b"S: .", b"C: USER hunt066er"]
    lines += [b"S: +OK", b"C: PASS hunt065er", b"S: +OK [hunt065er]"]
    lines += [b"C: AUTH LOGIN", b"S: + hunt066er", b"C: " + b64(b"hunt066er"), b"S: +OK"]
    sinks = heard(*lines)
    assert sinks.holding(*secrets) == []
    assert b"-ERR [AUTH] ********\r\n" in sinks.shown(Side.SERVER)


def test_words_of_a_long_line_nobody_knows_are_all_hidden() -> None:
    words = [b"w0rd%02d" % number for number in range(80)]
    sinks = heard(
        b"C: " + b" ".join(words), b"S: -ERR " + words[0], b"C: X", b"S: -ERR " + words[70]
    )
    assert sinks.holding(*words) == []


def test_a_secret_in_part_of_which_the_server_repeats_a_word_is_hidden_there() -> None:
    sinks = heard(b"C: PASS correct horse", b"S: -ERR bad argument: horse")
    assert sinks.shown(Side.SERVER)[1] == b"-ERR bad argument: ********\r\n"


def test_base64_that_shares_bits_with_a_secret_is_hidden_with_it() -> None:
    for before in range(3):
        for behind in range(3):
            octets = b"\xff" * before + b"hunter22" + b"\xff" * behind
            sinks = heard(b"C: PASS hunter22", b"S: -ERR " + b64(octets))
            left, right = line_of(sinks.shown(Side.SERVER)[1]).split(b"********")
            characters, sharing = -(-len(octets) * 8 // 6), -(-(before + 8) * 8 // 6)
            assert len(left) <= len(b"-ERR ") + before * 8 // 6
            assert len(right.rstrip(b"=")) <= characters - sharing
            assert behind or not right


@pytest.mark.parametrize(
    "mechanism", [b"GSSAPI", b"GSS-SPNEGO", b"NTLM", b"KERBEROS_V4", b"X-PRIVATE"]
)
def test_of_a_long_binary_token_nothing_is_shown_and_the_reply_s_text_stays(
    mechanism: bytes,
) -> None:
    token = b"NTLMSSP\0\3\0\0\0" + bytes(range(256)) * 20
    sinks = heard(
        b"C: AUTH " + mechanism,
        b"S: + ",
        b"C: " + b64(token),
        b"S: + ",
        b"C: " + b64(token[::-1]),
        b"S: -ERR [AUTH] no ticket for this host, not even " + b64(token),
        b"C: STAT",
        b"S: -ERR not now",
    )
    assert sinks.holding(b64(token)[:100], b64(token[::-1])[-100:]) == []
    hidden = b"-ERR [AUTH] no ticket for this host, not even ********\r\n"
    assert sinks.shown(Side.SERVER)[-2:] == [hidden, b"-ERR not now\r\n"]


@pytest.mark.parametrize("clear", [b"hunter22", b"Pass-word", b"secret99", b"abcdefgh", b"s3cr"])
@pytest.mark.parametrize("mechanism", [b"LOGIN", b"EXTERNAL", b"ANONYMOUS", b"PLAIN", b"CRAM-MD5"])
def test_a_password_that_happens_to_be_base64_does_not_become_a_user(
    mechanism: bytes, clear: bytes
) -> None:
    for lines in (
        [b"C: AUTH " + mechanism + b" " + clear],
        [b"C: AUTH " + mechanism, b"S: + ", b"C: " + clear],
    ):
        sinks = heard(*lines, b"S: +OK")
        assert sinks.reading.session.user is None
        assert sinks.holding(clear) == []


@pytest.mark.parametrize(
    "line", [b"UIDL 1\rPASS %b", b"TOP 1 0\r auth plain %b", b"LIST \rAPOP bob %b"]
)
def test_a_login_behind_a_cr_alone_is_hidden_after_login_as_well(line: bytes) -> None:
    secret = b"tanstaaf-0815"
    said = [b"C< " + line % secret + b"\r\n", b"S: -ERR no " + secret]
    sinks = heard(b"C: USER bob", b"S: +OK", b"C: PASS other", b"S: +OK", *said)
    assert sinks.holding(secret) == []
