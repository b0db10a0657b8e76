"""The objects of the export are those of the JSON log."""

import io
import json

from export.playing import LOGGED_IN, SOURCE, exported, session, stream_exporter, told_to
from pop3spy.logs import JsonLog
from pop3spy.logs.fields import EVENTS
from pop3spy.session.chunk import Clock
from pop3spy.session.how import How
from pop3spy.session.model import Peer

ODD = LOGGED_IN + "C: LIST 2\nS: +OK\n1 120\n2 200\n.\nC: STAT\nS: OK 2 320\nC: RETR 1\nS: +OK\n"
SCRIPT = LOGGED_IN + "C: LIST\nS: +OK\n1 120\n.\nC: RETR 1\nS: -ERR [SYS/TEMP] \\x1b\nC: NOOP"


def test_each_line_is_the_one_of_the_json_log() -> None:
    clock, log = Clock(SOURCE.started), io.StringIO()
    exporter, stream = stream_exporter("jsonl")
    session(told_to(JsonLog(log, clock), exporter), SCRIPT, end=How.CLIENT_CLOSED)
    exporter.close()
    logged = [line for line in log.getvalue().split("\n") if '"command_' in line]
    assert stream.getvalue().decode().split("\n")[:-1] == logged
    assert exporter.summary == "5 exchanges"


def test_every_field_is_documented() -> None:
    found = [json.loads(line) for line in exported("jsonl", SCRIPT).splitlines()]
    assert {each["event"] for each in found} == {"command_answered", "command_unanswered"}
    for each in found:
        assert list(each) == list(EVENTS[each["event"]].fields)


def test_what_is_wrong_with_a_reply_has_fields_of_its_own() -> None:
    *_, listing, stat, retrieval = map(json.loads, exported("jsonl", f"{ODD}-ERR no").splitlines())
    assert (listing["wrong_shape"], listing["odd"], listing["error_inside"]) == (True, None, None)
    assert (stat["ok"], stat["odd"], stat["wrong_shape"]) == (None, "OK 2 320", False)
    assert (retrieval["complete"], retrieval["error_inside"]) == (False, "-ERR no")


def test_hostile_names_stay_on_one_line() -> None:
    exporter, stream = stream_exporter("jsonl")
    session(told_to(exporter), SCRIPT, peers=(Peer("a\u2028\x1b\n", 1), Peer('"', 2)))
    lines = stream.getvalue().decode("ascii").splitlines()
    assert [json.loads(line)["client"] for line in lines] == ["a\\u2028\\x1b\\n:1"] * 5
