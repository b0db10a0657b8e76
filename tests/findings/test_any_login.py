"""Whatever is said around a login: no rule fails, and the same is found by every way.

The client waits for each reply: where it does not, and the server says lines without a status, a
recording has them in another order.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from findings.doors import Found, in_a_recording, in_pieces, judged, on_tape
from pop3spy.findings import own_rules
from pop3spy.findings.dialogue import read_dialogue

CLIENT = (
    *("USER bob", "USER a b", "USER", "PASS tanstaaf", "PASS", "PASS a b c", "PASS sesame"),
    *("APOP bob c4c9334bac560ecc979e58001b3e22fb", "APOP bob", "APOP x y z", "RPOP bob"),
    *("AUTH", "AUTH PLAIN", "AUTH LOGIN", "AUTH CRAM-MD5", "AUTH NTLM", "AUTH XOAUTH2"),
    *("AUTH SCRAM-SHA-256", "AUTH GSSAPI", "AUTH NOBODY", "AUTH DIGEST-MD5", "AUTH a b c"),
    *("AUTH PLAIN AGJvYgB0YW5zdGFhZg==", "AUTH PLAIN =", "AUTH PLAIN !!", "AUTH XOAUTH2 {token}"),
    *("AUTH OAUTHBEARER {YWJj*400}", "AUTH CRAM-MD5 dGVzdA==", "*", "(blank)", "!!!notb64"),
    *("AGJvYgB0YW5zdGFhZg==", "AGJvYgB0YW5zdGFhZg0K", "Ym9i", "dGFuc3RhYWY=", "{token aud=graph}"),
    *("biwsbj11LHI9YWJj", "Yz1iaXdzLHI9YWJjLHA9YWE=", "TlRMTVNTUAABAAAA", "CAPA", "QUIT"),
    *("STAT", "UTF8", "PASSWORD tanstaaf", "XCLIENT ADDR=192.0.2.4", "RETR 1", "\\x00\\xff"),
)
SERVER = (
    *("+OK", "+OK ready <1.2@h>", "-ERR", "-ERR [AUTH] no", "-ERR [IN-USE] locked", "+", "+\\x20"),
    *("+ VXNlcm5hbWU6", "+ UGFzc3dvcmQ6", "+ Username:", "+ PDE4OTY@", "+ YWJ", "-ERR tanstaaf"),
    *("+ eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIn0=", "+OK / STLS / SASL PLAIN / ."),
    *("+ cj14eXoscz1jMkZzZEE9PSxpPTQwOTY=", "+ cj1hYmN4eXoscz1jMkZzZEE9PSxpPTEwMDA="),
    *("-ERR TLS required", "-ERR Unknown command. / +OK ready", "-ERR not enabled for POP"),
    *("-ERR Logon failure: unknown user name or bad password.", "\\xff\\xfe", "noise", "+OK / ."),
    *("-ERR Re-Authentication Failure", "-ERR app password required", "+OK / USER / TOP / ."),
)
OTHERS = (
    *("C: STLS\nS: +OK\n-- TLS", "C: STLS\nS: +OK\n-- TLS TLSv1", "C: STLS\nS: -ERR"),
    *("-- 12 s", "-- client closes", "-- server closes"),
)
TURN = st.one_of(
    st.builds("C: {}\nS: {}".format, st.sampled_from(CLIENT), st.sampled_from(SERVER)),
    st.sampled_from(OTHERS),
)
CONVERSATION = st.builds(
    lambda clear, lines: "\n".join(["-- clear"] * clear + ["S: +OK <1.2@h>"] + lines),
    st.booleans(),
    st.lists(TURN, max_size=9),
)


RULES = own_rules()


def told(found: Found) -> list[tuple[str, str, int | None]]:
    """Return what people are told of the logins and the security in what was *found*."""
    ours = [one for _, one in found if RULES[one.id].group in ("login", "security")]
    return [(one.id, one.text, one.exchange) for one in ours]


@settings(max_examples=150)
@given(CONVERSATION)
def test_a_recording_of_any_login_tells_what_was_told_live(dialogue: str) -> None:
    assert told(in_a_recording(dialogue)) == told(on_tape(dialogue))


@settings(max_examples=150)
@given(CONVERSATION, st.integers(1, 9))
def test_how_any_login_was_cut_makes_no_difference(dialogue: str, size: int) -> None:
    whole = on_tape(dialogue)
    cut = judged(in_pieces(read_dialogue(dialogue).tape(), size))
    assert told(cut) == told(whole)
