import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.protocol.sasl import ALL, MECHANISMS, Mechanism, SaslContents, decode, mechanism_of


def ntlm(kind: int, user: bytes = b"") -> bytes:
    """Return an NTLM message; in one of type 3 the user stands behind the fixed part."""
    place = len(user).to_bytes(2, "little") * 2 + (64).to_bytes(4, "little")
    return b"NTLMSSP\0" + kind.to_bytes(4, "little") + bytes(24) + place + bytes(20) + user


@pytest.mark.parametrize(
    ("mechanism", "step", "message", "told"),
    [
        pytest.param(
            "PLAIN", 0, b"\0tim\0tanstaaf", SaslContents(b"tim", (b"tanstaaf",)), id="PLAIN"
        ),
        pytest.param(
            "PLAIN",
            0,
            b"boss\0tim\0a b",
            SaslContents(b"tim", (b"a b",)),
            id="PLAIN for somebody else",
        ),
        pytest.param(
            "PLAIN", 0, b"tanstaaf", SaslContents(None, (b"tanstaaf",)), id="PLAIN without NUL"
        ),
        pytest.param("LOGIN", 0, b"tim", SaslContents(b"tim"), id="LOGIN: the user"),
        pytest.param(
            "LOGIN", 1, b"secret", SaslContents(None, (b"secret",)), id="LOGIN: the password"
        ),
        pytest.param(
            "LOGIN",
            0,
            b"\0tim\0secret",
            SaslContents(b"tim", (b"secret",)),
            id="a PLAIN message to LOGIN",
        ),
        pytest.param(
            "CRAM-MD5",
            0,
            b"tim smith b913a602c7eda7a495b4e6e7334d3890",
            SaslContents(b"tim smith", (b"b913a602c7eda7a495b4e6e7334d3890",)),
            id="CRAM-MD5: the digest is behind the last blank",
        ),
        pytest.param(
            "CRAM-MD5",
            0,
            b"secret",
            SaslContents(None, (b"secret",)),
            id="CRAM-MD5 without a blank",
        ),
        pytest.param(
            "DIGEST-MD5",
            0,
            b'charset=utf-8,username="chris",realm="a",response=d388dad90d4bbd76',
            SaslContents(b"chris", (b"d388dad90d4bbd76",)),
            id="DIGEST-MD5",
        ),
        pytest.param("DIGEST-MD5", 1, b"", SaslContents(), id="DIGEST-MD5: the last, empty answer"),
        pytest.param(
            "SCRAM-SHA-1", 0, b"n,,n=user,r=fyko", SaslContents(b"user"), id="SCRAM: the first"
        ),
        pytest.param(
            "SCRAM-SHA-256",
            1,
            b"c=biws,r=fyko,p=v0X8v3Bz2T0C",
            SaslContents(None, (b"v0X8v3Bz2T0C",)),
            id="SCRAM: the proof",
        ),
        pytest.param(
            "SCRAM-SHA-1-PLUS",
            0,
            b"p=tls-unique,,n=user,r=a",
            SaslContents(b"user"),
            id="SCRAM-PLUS",
        ),
        pytest.param(
            "XOAUTH2",
            0,
            b"user=a@b.c\x01auth=Bearer ya29.vF9dft4\x01\x01",
            SaslContents(b"a@b.c", (b"ya29.vF9dft4",)),
            id="XOAUTH2",
        ),
        pytest.param("XOAUTH2", 1, b"", SaslContents(), id="XOAUTH2: the answer to an error"),
        pytest.param(
            "XOAUTH2", 0, b"secret", SaslContents(None, (b"secret",)), id="XOAUTH2 malformed"
        ),
        pytest.param(
            "OAUTHBEARER",
            0,
            b"n,a=a@b.c,\x01host=h\x01port=110\x01auth=Bearer vF9dft4qmT\x01\x01",
            SaslContents(b"a@b.c", (b"vF9dft4qmT",)),
            id="OAUTHBEARER",
        ),
        pytest.param(
            "OAUTH10A",
            0,
            b'n,a=a@b.c,\x01auth=OAuth realm="x",oauth_token="y"\x01\x01',
            SaslContents(b"a@b.c", (b'realm="x",oauth_token="y"',)),
            id="OAUTH10A",
        ),
        pytest.param("GSSAPI", 0, b"`\x82\x02", SaslContents(None, (b"`\x82\x02",)), id="GSSAPI"),
        pytest.param("NTLM", 0, ntlm(1), SaslContents(), id="NTLM: type 1 tells nothing"),
        pytest.param(
            "NTLM",
            1,
            ntlm(3, b"b\0o\0b\0"),
            SaslContents(b"bob", (ntlm(3, b"b\0o\0b\0"),)),
            id="NTLM: type 3 names the user",
        ),
        pytest.param(
            "NTLM", 1, b"NTLMSSP\0\3\0\0\0", SaslContents(None, (b"NTLMSSP\0\3\0\0\0",)), id="short"
        ),
        pytest.param("EXTERNAL", 0, b"tim", SaslContents(b"tim"), id="EXTERNAL"),
        pytest.param("EXTERNAL", 0, b"", SaslContents(), id="EXTERNAL, empty"),
        pytest.param("ANONYMOUS", 0, b"a@b.c", SaslContents(b"a@b.c"), id="ANONYMOUS"),
        pytest.param("OTP", 0, b"\0tim", SaslContents(b"tim"), id="OTP: the user"),
        pytest.param(
            "OTP", 1, b"hex:5bf0", SaslContents(None, (b"hex:5bf0",)), id="OTP: the answer"
        ),
        pytest.param("X-NEW", 0, b"a", SaslContents(None, (b"a",)), id="an unknown mechanism"),
    ],
)
def test_a_client_message_tells_the_user_and_the_secrets(
    mechanism: str, step: int, message: bytes, told: SaslContents
) -> None:
    assert mechanism_of(mechanism.encode()).read(message, step) == told


@pytest.mark.parametrize(
    ("word", "says"),
    [
        pytest.param(b"dGltAHRhbnN0YWFm", b"tim\0tanstaaf", id="base64"),
        pytest.param(b"=", b"", id="present but empty"),
        pytest.param(b"", b"", id="an empty line"),
        pytest.param(b"QUIT", b"A\x42\x13", id="a word that is also a verb"),
        pytest.param(b"dGlt*AHRh", None, id="a foreign character"),
        pytest.param(b"dG ltAHRh", None, id="a blank"),
        pytest.param(b"dG=ltAHRh", None, id="= in the middle"),
        pytest.param(b"dGl", None, id="no padding"),
        pytest.param(b"*", None, id="a cancel"),
        pytest.param(b"hunter2", None, id="a password typed bare"),
        pytest.param(b"\xff\xfe", None, id="8-bit"),
    ],
)
def test_an_answer_is_base64_or_it_says_nothing(word: bytes, says: bytes | None) -> None:
    assert decode(word) == says


@given(st.binary())
def test_what_was_encoded_is_decoded(message: bytes) -> None:
    assert decode(base64.b64encode(message)) == message


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (b"PLAIN", "PLAIN"),
        (b"plain", "PLAIN"),
        (b"Cram-Md5", "CRAM-MD5"),
        (b"MSN", "MSN"),
        (b"X-NEW", ""),
        (b"\xff", ""),
        (b"", ""),
    ],
)
def test_a_mechanism_is_named_without_case(name: bytes, found: str) -> None:
    assert mechanism_of(name).name == found


@pytest.mark.parametrize("name", ["LOGIN", "CRAM-MD5", "DIGEST-MD5", "KERBEROS_V4"])
def test_with_some_mechanisms_the_server_speaks_first(name: str) -> None:
    assert not MECHANISMS[name].client_first


def test_with_all_others_the_client_does() -> None:
    assert sum(not mechanism.client_first for mechanism in MECHANISMS.values()) == 4


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        pytest.param("PLAIN LOGIN CRAM-MD5 XOAUTH2 OAUTHBEARER EXTERNAL", ALL, id="all"),
        pytest.param("DIGEST-MD5 NTLM MSN OTP", 1, id="the first"),
        pytest.param("SCRAM-SHA-1 SCRAM-SHA-256 GSSAPI KERBEROS_V4 X-NEW", 0, id="none"),
    ],
)
def test_a_challenge_is_shown_if_it_helps_nobody_to_guess(names: str, shown: int) -> None:
    assert {mechanism_of(name.encode()).shown for name in names.split()} == {shown}


@pytest.mark.parametrize("name", ["GSSAPI", "DIGEST-MD5", "GSS-SPNEGO", "KERBEROS_V4", "X-NEW"])
def test_a_security_layer_may_follow(name: str) -> None:
    assert mechanism_of(name.encode()).layer


@pytest.mark.parametrize("mechanism", [*MECHANISMS.values(), mechanism_of(b"?")])
@given(message=st.binary(), step=st.integers(0, 3))
def test_any_message_can_be_read(mechanism: Mechanism, message: bytes, step: int) -> None:
    told = mechanism.read(message, step)

    assert all(secret in message for secret in told.secrets)
