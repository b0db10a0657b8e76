"""What is counted of a session."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue import said
from metrics.scraping import counted, tallied
from pop3spy.findings.rule import RULES
from pop3spy.metrics.families import FAMILIES, Family, MetricKind
from pop3spy.metrics.tally import Tallies
from pop3spy.session.how import How

LOGIN = """
    S: +OK ready
    C: USER bob
    S: +OK
    C: PASS sesame123
    S: +OK
"""
TABLE = {
    "a session that logs in": (
        LOGIN,
        {
            "exchanges_total USER ok": 1,
            "exchanges_total PASS ok": 1,
            "logins_total PASS ok no": 1,
        },
    ),
    "a login that is refused": (
        """
        S: +OK ready
        C: APOP bob 0123456789abcdef0123456789abcdef
        S: -ERR [AUTH] no
        """,
        {"exchanges_total APOP err": 1, "logins_total APOP err no": 1},
    ),
    "AUTH with a mechanism, and with one that nobody knows": (
        """
        S: +OK ready
        C: AUTH PLAIN AGJvYgBzZXNhbWU=
        S: -ERR no
        C: AUTH X-OWN c2VzYW1l
        S: -ERR no
        C: AUTH
        S: +OK
        S: PLAIN
        S: .
        """,
        {
            "exchanges_total AUTH err": 2,
            "exchanges_total AUTH ok": 1,
            "logins_total AUTH PLAIN err no": 1,
            "logins_total other err no": 1,
        },
    ),
    "verbs that are none": (
        """
        S: +OK ready
        C: sesame123
        S: -ERR what
        C: GET / HTTP/1.1
        S: -ERR what
        """,
        {"exchanges_total other err": 2},
    ),
    "a command without a reply": (
        """
        S: +OK ready
        C: CAPA
        """,
        {"exchanges_total CAPA none": 1},
    ),
    "TLS that passes unread": (
        r"""
        S: +OK ready
        C: STLS
        S: +OK go on
        C< \x16\x03\x01\x00\x05hello
        S< \x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x030123456789abcdef0123456789abcdef\0\xc0/\x00
        """,
        {"exchanges_total STLS ok": 1, "tls_handshakes_total unread TLSv1.2": 1},
    ),
}


@pytest.mark.parametrize(("script", "wanted"), TABLE.values(), ids=TABLE)
def test_what_happens_is_counted(script: str, wanted: dict[str, float]) -> None:
    ours = {"exchanges_total", "logins_total", "tls_handshakes_total"}
    found = {name: n for name, n in counted(script).items() if name.split()[0] in ours}
    assert found == wanted


def test_sessions_are_counted_with_their_end() -> None:
    found = counted(LOGIN, How.SERVER_RESET)
    assert found["sessions_total"] == 1
    assert found["sessions_ended_total server_reset"] == 1
    assert "sessions_open" not in found


def test_findings_are_counted_by_their_id() -> None:
    assert counted(LOGIN)["findings_total cleartext-password error"] == 1


def test_octets_are_counted_as_they_are_shown() -> None:
    found = counted(LOGIN)
    assert found["said_bytes_total server"] == len("+OK ready\r\n+OK\r\n+OK\r\n")
    assert found["said_bytes_total client"] == len("USER bob\r\nPASS ********\r\n")


def test_a_latency_is_in_the_bucket_that_it_fits_in() -> None:
    tallies = tallied(LOGIN, step=0.004)
    tally = tallies["pop3spy_exchange_latency_seconds"]
    row = tally.rows["PASS",]
    assert row[tally.family.buckets.index(0.005)] == 1
    assert sum(row[:-1]) == 1
    assert row[-1] == pytest.approx(0.004)


LINES = st.lists(st.binary(max_size=30) | st.sampled_from([b"AUTH ", b"USER ", b"PASS x"]))


@given(LINES, LINES)
def test_nothing_that_peers_say_becomes_a_label(client: list[bytes], server: list[bytes]) -> None:
    lines = [f"C< {_literal(line)}" for line in client]
    lines += [f"S< {_literal(line)}" for line in server]
    for tally in tallied("S: +OK\n" + "\n".join(lines)):
        for series in tally.rows:
            for label, value in zip(tally.family.labels, series, strict=True):
                assert value in (label.values or RULES)


def _literal(line: bytes) -> str:
    text = "".join(f"\\x{octet:02x}" for octet in line + b"\r\n")
    assert said(f"C< {text}")[0][1] == line + b"\r\n"
    return text


def test_what_one_process_has_counted_can_be_added_to_that_of_another() -> None:
    one, other, both = tallied(LOGIN), tallied(LOGIN), Tallies()
    both.take(one.plain())
    both.take(other.plain())
    for tally in both:
        assert tally.rows == {
            series: [2 * number for number in row]
            for series, row in one[tally.family.name].rows.items()
        }


def test_of_a_process_that_has_ended_counters_stay_and_gauges_go() -> None:
    gone, left = tallied(LOGIN), Tallies()
    gone["pop3spy_sessions_open"].set(to=7)
    left.take(gone.plain(), ended=True)
    assert left["pop3spy_sessions_open"].rows[()] == [0]
    assert left["pop3spy_sessions_total"].rows[()] == [1]


UNITS = ("_total", "_seconds", "_bytes", "_info", "_open", "_workers", "_answering")


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_names_follow_the_conventions(family: Family) -> None:
    assert family.name.startswith("pop3spy_")
    assert family.name.endswith(UNITS)
    assert family.name.endswith("_total") is (family.kind is MetricKind.COUNTER)
    assert bool(family.buckets) is (family.kind is MetricKind.HISTOGRAM)
    assert list(family.buckets) == sorted(set(family.buckets))
    assert len({label.name for label in family.labels} - {"le", "quantile"}) == len(family.labels)
