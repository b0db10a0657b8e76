"""A recorded client that logs in another way than it did."""

import base64

import pytest

from pop3spy.errors import ConfigError
from pop3spy.replay.chosen_login import WAYS, needed_for
from pop3spy.replay.credentials import Credentials
from pop3spy.replay.play_options import PlayOptions
from replay.tapes import script
from replay.test_player import Stage

BEHIND = "\nC: STAT\nS: +OK 0 0"
RECORDED = {
    "USER": "S: +OK <1@x>\nC: USER bob\nS: +OK\nC: PASS x\nS: +OK" + BEHIND,
    "APOP": "S: +OK <1@x>\nC: APOP bob 0123456789abcdef0123456789abcdef\nS: +OK" + BEHIND,
    "PLAIN": "S: +OK <1@x>\nC: AUTH PLAIN AGJvYgBx\nS: +OK" + BEHIND,
    "GSSAPI": "S: +OK <1@x>\nC: AUTH GSSAPI eA==\nS: + eA==\nC: Yz1i\nS: +OK" + BEHIND,
}
SECRET = b"sesame"
GIVEN = Credentials(b"eve", SECRET, b"ya29")


def b64(text: bytes) -> str:
    return base64.b64encode(text).decode()


SAID = {
    "USER": "C: USER eve\nS: +OK\nC: PASS sesame\nS: +OK",
    "APOP": "C: APOP eve 6654a2743d3c83acd7d23f98889c66b9\nS: +OK",
    "PLAIN": f"C: AUTH PLAIN\nS: + \nC: {b64(b'%ceve%csesame' % (0, 0))}\nS: +OK",
    "LOGIN": f"C: AUTH LOGIN\nS: + VXNlcg==\nC: {b64(b'eve')}\nS: + UGFzcw==\n"
    f"C: {b64(SECRET)}\nS: +OK",
    "XOAUTH2": f"C: AUTH XOAUTH2\nS: + \n"
    f"C: {b64(b'user=eve%cauth=Bearer ya29%c%c' % (1, 1, 1))}\nS: +OK",
}


def played(recorded: str, *auth: str, timed: bool = False, given: Credentials = GIVEN) -> Stage:
    return Stage(script(recorded), given, PlayOptions(auth=auth, timed=timed))


@pytest.mark.parametrize("recorded", RECORDED)
@pytest.mark.parametrize("way", SAID)
@pytest.mark.parametrize("timed", [False, True])
def test_any_recorded_login_can_be_done_another_way(recorded: str, way: str, timed: bool) -> None:  # noqa: FBT001 - a case
    if recorded == way == "PLAIN":
        said = f"C: AUTH PLAIN {b64(b'%ceve%csesame' % (0, 0))}\nS: +OK"  # as it was recorded
    else:
        said = SAID[way]
    if timed and way == recorded == "USER":  # it waits for nothing, as the recorded client
        return
    stage = played(RECORDED[recorded], way, timed=timed)
    stage.play(f"S: +OK <1@x>\n{said}{BEHIND}")
    assert stage.player.done
    assert stage.found == []
    left_out = [("USER bob", f"--auth logs in with {way}")]
    assert stage.left_out == (left_out if recorded == "USER" != way else [])


OFFERS = [
    ("XOAUTH2,PLAIN", "SASL PLAIN XOAUTH2", "XOAUTH2"),
    ("XOAUTH2,PLAIN", "SASL PLAIN LOGIN", "PLAIN"),
    ("XOAUTH2,USER", "USER", "USER"),
    ("XOAUTH2,APOP", "USER", "APOP"),
    ("PLAIN,XOAUTH2", "USER", "PLAIN"),
]


@pytest.mark.parametrize(("auth", "offered", "taken"), OFFERS)
@pytest.mark.parametrize("recorded", ["USER", "GSSAPI"])
def test_the_first_that_the_server_offers_is_taken_or_the_first_at_all(
    auth: str, offered: str, taken: str, recorded: str
) -> None:
    stage = played(RECORDED[recorded], *auth.split(","))
    stage.play(f"S: +OK <1@x>\nC: CAPA\nS: +OK\nS: {offered}\nS: .\n{SAID[taken]}{BEHIND}")
    assert stage.player.done
    assert stage.found == []


def test_a_server_without_capa_is_believed_to_take_user() -> None:
    stage = played(RECORDED["APOP"], "PLAIN", "USER")
    stage.play(f"S: +OK <1@x>\nC: CAPA\nS: -ERR\n{SAID['USER']}")
    assert stage.found == []


def test_the_recorded_user_logs_in_where_no_other_is_named() -> None:
    for recorded in ("USER", "APOP"):
        stage = played(RECORDED[recorded], "PLAIN", given=Credentials(password=SECRET))
        stage.play(
            f"S: +OK\nC: AUTH PLAIN\nS: + \nC: {b64(b'%cbob%csesame' % (0, 0))}\nS: +OK{BEHIND}"
        )
        assert stage.player.done


@pytest.mark.parametrize("way", WAYS)
def test_where_nobody_is_named_at_all_nothing_is_said_for_a_login(way: str) -> None:
    stage = played(RECORDED["GSSAPI"], way, given=Credentials(password=SECRET, token=b"ya29"))
    stage.play("S: +OK <1@x>")
    assert stage.next() == b""
    assert stage.player.done
    assert "--user names one" in stage.left_out[-1][1]


def test_a_login_that_was_refused_stays_as_it_was() -> None:
    refused = "S: +OK\nC: USER bob\nS: +OK\nC: PASS x\nS: -ERR no\nC: USER bob\nS: +OK\n"
    stage = played(f"{refused}C: PASS x\nS: +OK{BEHIND}", "XOAUTH2")
    stage.play("S: +OK\nC: USER eve\nS: +OK")
    assert stage.next().startswith(b"PASS ")
    stage.server(b"-ERR no\r\n")
    assert stage.next() == b"AUTH XOAUTH2\r\n"


@pytest.mark.parametrize("auth", [(), ("XOAUTH2",), ("PLAIN", "XOAUTH2")])
def test_without_a_login_nothing_is_asked_for_one(auth: tuple[str, ...]) -> None:
    stage = played("S: +OK\nC: CAPA\nS: -ERR\nC: QUIT\nS: +OK", *auth, given=Credentials())
    stage.play("S: +OK\nC: CAPA\nS: -ERR\nC: QUIT\nS: +OK")
    assert stage.player.done


def test_a_login_that_fails_is_a_difference_of_the_recorded_command() -> None:
    stage = played(RECORDED["USER"], "XOAUTH2").play("S: +OK <1@x>\nC: AUTH XOAUTH2\nS: -ERR no")
    assert stage.player.done
    ((command, *what),) = stage.found
    assert command.startswith("PASS ")
    assert what == ["status", "+OK", "-ERR"]


@pytest.mark.parametrize(
    ("auth", "needed"),
    [
        ((), {"password"}),
        (("XOAUTH2",), {"token"}),
        (("OAUTHBEARER", "SCRAM-SHA-256"), {"token", "password"}),
        (("USER", "APOP"), {"password"}),
    ],
)
def test_what_must_be_given_is_what_any_of_the_ways_needs(
    auth: tuple[str, ...], needed: set[str]
) -> None:
    read = script(RECORDED["USER"])
    assert needed_for(read, auth, b"eve") == needed
    with pytest.raises(ConfigError, match=r"a (password|token) is needed"):
        Stage(read, Credentials(b"eve"), PlayOptions(auth=auth))
